import { z } from 'zod';
import { container, location, ranges, resourceGroup, storageAccount, tags } from '../azure/schema-types';
import { choice } from '../file/schema-types';
import { REPLICATION_DEFAULT, REPLICATIONS } from '../azure/support-limits';
import { strictShape } from '../file/yaml';

/** `bootstrap.yaml` as written; {@link parseBootstrap} adds the rules that no schema can say. */
export const bootstrapSchema = strictShape(
  {
    location: location.describe('Region, as in westus2.'),
    resourceGroup: resourceGroup.describe('Resource group that is created for the storage account.'),
    storageAccount: storageAccount.describe('Unique on all of Azure; another name is another account.'),
    containers: z
      .array(container, { error: 'a list of containers, as in [tfstate]' })
      .min(1, { error: 'a list of one container or more, as in [tfstate]' })
      .describe('Containers of the account. Each environment names one as its state.container.'),
    allow: ranges
      .min(1, { error: 'a list of one address or more: without any, Terraform does not reach its own state' })
      .describe('Public addresses that reach the states: those of the people and pipelines that deploy.'),
    replication: choice(REPLICATIONS)
      .default(REPLICATION_DEFAULT)
      .describe(
        'Where copies are: LRS in one data centre, ZRS in three zones, GRS in the paired region too, GZRS in both. To and from zones, Azure moves an account only in a conversion of its own.',
      ),
    tags,
  },
  'the storage account that keeps the state of the environments',
);

/** Where the remote state of the environments lives, defaults filled in. */
export type BootstrapSettings = z.output<typeof bootstrapSchema>;
