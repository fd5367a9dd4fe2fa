import { z } from 'zod';
import { LOCATION, RESOURCE_GROUP } from './azure-names';
import { matching, text } from '../file/schema-types';
import { CONTAINER_NAME, STORAGE_ACCOUNT_NAME } from './support-limits';

/** What Azure gives rules to, as leaves of the schemas. */

export const location = matching(LOCATION, "a region as Azure's tools write it, as in westus2");

export const resourceGroup = matching(
  RESOURCE_GROUP,
  'the name of a resource group: 1 to 90 letters, digits, _, -, ( ), and dots except at the end',
);

export const storageAccount = matching(
  STORAGE_ACCOUNT_NAME,
  'the name of a storage account: 3 to 24 small letters and digits',
);

export const container = matching(
  CONTAINER_NAME,
  'the name of a container: 3 to 63 small letters, digits and single hyphens, with no hyphen at either end',
);

/** Addresses that reach a key vault or a storage account; the rules say which. */
export const ranges = z.array(text('an IPv4 address or a range of them, as in 203.0.113.16/29'), {
  error: 'a list of addresses and ranges, as in [203.0.113.8, 203.0.113.16/29]',
});

/** Tags that the code sets and a file therefore cannot. Azure compares tag names without regard to case. */
export const RESERVED_TAGS = ['environment', 'managedBy', 'production', 'workload'] as const;

const tagValue = text('text of 1 to 256 characters').max(256, { error: 'text of 1 to 256 characters' });
export const tags = z
  .object(
    {
      owner: tagValue.describe('Who answers for it.'),
      costCentre: tagValue.describe('Who pays for it.'),
    },
    { error: 'the tags, at least owner and costCentre' },
  )
  .catchall(tagValue)
  .describe(`Tags of every resource. ${RESERVED_TAGS.join(', ')} are added and cannot be set.`);
