/** Arguments that hold a secret, by name. Their values are part of no message and no document. */
const SECRET =
  /(^|_)(password|passwd|secret|access_key|account_key|sas_token|oidc_token|connection_string)$/i;

/** @param name an argument's or a variable's own name, without what is above it */
export function namesSecret(name: string): boolean {
  return SECRET.test(name);
}
