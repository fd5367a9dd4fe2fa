import { z } from 'zod';
import { LOCATION } from './azure-names';
import { matching, text } from './leaves';

/** What Azure gives rules to, as leaves of the schemas. */

export const location = matching(LOCATION, "a region as Azure's tools write it, as in westus2");

const GROUP_LONGEST = 90;
export const resourceGroup = matching(
  /^[\w().-]*[\w()-]$/,
  'the name of a resource group: letters, digits, _, -, ( ), and dots except at the end',
).max(GROUP_LONGEST, { error: `the name of a resource group, at most ${GROUP_LONGEST} characters` });

export const storageAccount = matching(
  /^[a-z0-9]{3,24}$/,
  'the name of a storage account: 3 to 24 small letters and digits',
);

export const container = matching(
  /^[a-z0-9](?:-?[a-z0-9]){2,62}$/,
  'the name of a container: 3 to 63 small letters, digits and single hyphens',
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
