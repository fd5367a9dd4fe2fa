/** What Azure accepts of a key vault and the secret in it. The azurerm provider 4.55.0 lets more through. */
import { int, matching, utcSecond } from '../file/schema-types';

export const vaultName = matching(
  /^(?=.{3,24}$)[a-zA-Z](?:-?[a-zA-Z0-9])*$/,
  'the name of a key vault: 3 to 24 letters, digits and single hyphens, a letter first and no hyphen last; no other vault on Azure may have it',
);

const version = 'a whole number from 1 up, raised whenever the password changes';
/** Raised by hand: only another version says that the password changed. */
export const passwordVersion = int(version).min(1, { error: version });

/** When a secret expires, as Key Vault answers it. */
export const expiry = utcSecond('a moment in UTC, to the second, as in 2027-06-30T00:00:00Z');

/** A secret takes fewer tags than other resources. */
export const SECRET_TAGS_MOST = 15;
