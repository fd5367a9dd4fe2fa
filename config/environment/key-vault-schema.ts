import { z } from 'zod';
import { addressRanges } from '../azure/address-ranges';
import { expiry, passwordVersion, vaultName } from '../azure/key-vault';
import { principalId, subnetId } from '../azure/resource-names';
import { strictShape } from '../file/schema-types';

const vault = {
  name: vaultName.describe('Unique on all of Azure. A deleted vault keeps its name for 90 days.'),
  allow: addressRanges
    .optional()
    .describe(
      'Public addresses that reach the vault. Whoever deploys writes the password into it, so theirs are among them.',
    ),
  subnetIds: z
    .array(subnetId, { error: 'a list of resource ids of subnets' })
    .optional()
    .describe('Subnets that reach the vault; each needs the service endpoint Microsoft.KeyVault.'),
  writerPrincipalId: principalId
    .optional()
    .describe(
      'Object id of the principal that may write the password. Absent, whoever deploys: where two do, each takes the role from the other.',
    ),
};
const passwordExpiresUtc = expiry
  .optional()
  .describe(
    'When the password is due to be changed, in UTC: Key Vault announces the day, and the password works on. Absent, no date.',
  );
const example = 'a key vault, as in { name: kv-sensors-dev, allow: [203.0.113.8] }';

export const keyVault = strictShape(
  {
    ...vault,
    passwordVersion: passwordVersion
      .default(1)
      .describe('Raise it by one together with the password: the vault is written again when it changes.'),
    passwordExpiresUtc,
  },
  example,
).describe('A key vault that keeps the password of citus for those who need it; absent, none is made.');

/** The version of the password is the cluster's: both are written when it changes. */
export const elasticKeyVault = strictShape({ ...vault, passwordExpiresUtc }, example).describe(
  'A key vault that keeps the password of the administrator for those who need it; absent, none is made.',
);
