import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  bits,
  boolean,
  constructed,
  integer,
  octets,
  oid,
  primitive,
  sequence,
  set,
  time,
  utf8,
} from './der';

/** A certificate and its private key, both PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

const OID = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  subjectAlternativeName: '2.5.29.17',
} as const;

/**
 * A throw-away identity for a server on this machine: a P-256 key and a certificate that it signed itself, valid for
 * two days and for `hosts` alone. It signs no other certificate, so that trusting it trusts nothing but this server.
 * Node can read certificates but not make them, and asking for openssl would make people install it.
 *
 * @param hosts DNS names and IPv4 addresses
 */
export function createServerIdentity(hosts: readonly string[], now: Date = new Date()): ServerIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(oid(OID.commonName), utf8('scaleout stand-in for Azure'))));
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const contents = sequence(
    constructed(0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])), // serial number, never 0
    algorithm,
    name,
    sequence(time(new Date(now.getTime() - DAY_MS)), time(new Date(now.getTime() + DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    constructed(3, extensions(hosts)),
  );
  const signature = sign('sha256', contents, { key: privateKey, dsaEncoding: 'der' });
  return {
    certificate: pem('CERTIFICATE', sequence(contents, algorithm, bits(signature))),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function extensions(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIPv4(host)
      ? primitive(7, Buffer.from(host.split('.').map(Number)))
      : primitive(2, Buffer.from(host, 'ascii')),
  );
  return sequence(
    critical(OID.basicConstraints, sequence()), // not an authority
    critical(OID.keyUsage, bits(Buffer.from([0x80]), 7)), // digitalSignature
    sequence(oid(OID.extendedKeyUsage), octets(sequence(oid(OID.serverAuthentication)))),
    sequence(oid(OID.subjectAlternativeName), octets(sequence(...names))),
  );
}

function critical(id: string, value: Uint8Array): Buffer {
  return sequence(oid(id), boolean(true), octets(value));
}

function pem(label: string, content: Uint8Array): string {
  const lines =
    Buffer.from(content)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
