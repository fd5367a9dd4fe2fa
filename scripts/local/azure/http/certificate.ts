import { isIPv4 } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate and its private key, both PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * A throw-away identity for a server on this machine: a P-256 key and a certificate that it signed itself, valid for
 * two days and for `hosts` alone. It signs no other certificate, so that trusting it trusts nothing but this server.
 * Node can read certificates but not make them, and asking for openssl would make people install it.
 *
 * @param hosts DNS names and IPv4 addresses
 */
export async function createServerIdentity(
  hosts: readonly string[],
  now: Date = new Date(),
): Promise<ServerIdentity> {
  const { cert, private: privateKey } = await generate(
    [{ name: 'commonName', value: 'scaleout stand-in for Azure' }],
    {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      notBeforeDate: new Date(now.getTime() - DAY_MS),
      notAfterDate: new Date(now.getTime() + DAY_MS),
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: hosts.map((host) => (isIPv4(host) ? { type: 7, ip: host } : { type: 2, value: host })),
        },
      ],
    },
  );
  return { certificate: cert, privateKey };
}
