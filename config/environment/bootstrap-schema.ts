import type { z } from 'zod';
import { addressRanges } from '../azure/address-ranges';
import { location, resourceGroup } from '../azure/resource-names';
import { containers, replication, REPLICATION_DEFAULT, storageAccount } from '../azure/state-storage';
import { tags } from '../azure/tags';
import { strictShape } from '../file/schema-types';

/** `bootstrap.yaml` as written; {@link parseBootstrap} adds the rules that no schema can say. */
export const bootstrapSchema = strictShape(
  {
    location: location.describe('Region, as in westus2.'),
    resourceGroup: resourceGroup.describe('Resource group that is created for the storage account.'),
    storageAccount: storageAccount.describe('Unique on all of Azure; another name is another account.'),
    containers: containers.describe(
      'Containers of the account. Each environment names one as its state.container.',
    ),
    allow: addressRanges
      .min(1, { error: 'a list of one address or more: without any, Terraform does not reach its own state' })
      .describe('Public addresses that reach the states: those of the people and pipelines that deploy.'),
    replication: replication
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
