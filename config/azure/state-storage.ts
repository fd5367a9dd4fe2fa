/** What Azure accepts of a storage account and its containers. The azurerm provider 4.55.0 lets more through. */
import { z } from 'zod';
import { choice, matching, unique } from '../file/schema-types';

export const storageAccount = matching(
  /^[a-z0-9]{3,24}$/,
  'the name of a storage account: 3 to 24 lowercase letters and digits, unique on all of Azure',
);

export const container = matching(
  /^(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*$/,
  'the name of a container: 3 to 63 lowercase letters, digits and single hyphens, with no hyphen at either end',
);

const containersError = 'a list of one container or more, as in [tfstate]';
export const containers = unique(z.array(container, { error: containersError })).min(1, {
  error: containersError,
});

export const REPLICATIONS = ['LRS', 'ZRS', 'GRS', 'GZRS', 'RAGRS', 'RAGZRS'] as const;
/** Where copies are: in one data centre, in the zones of a region, in the paired region, or in both. */
export type Replication = (typeof REPLICATIONS)[number];
export const replication = choice(REPLICATIONS);

/**
 * A state has to outlive its region, since without it Terraform would make everything a second time. Zones as well
 * (GZRS) are the better choice where there are any, and creating the account fails where there are none.
 */
export const REPLICATION_DEFAULT: Replication = 'GRS';
