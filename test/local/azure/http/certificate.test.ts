import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { createServerIdentity } from '../../../../scripts/local/azure/http/certificate';
import { integer, oid, time, utf8 } from '../../../../scripts/local/azure/http/der';

describe('createServerIdentity', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const { certificate, privateKey } = createServerIdentity(['localhost', '127.0.0.1'], now);
  const parsed = new X509Certificate(certificate);

  it('is a certificate that its own key signed', () => {
    expect(parsed.verify(parsed.publicKey)).toBe(true);
    expect(parsed.issuer).toBe(parsed.subject);
  });

  it('is good for the hosts it was made for and for no other', () => {
    expect(parsed.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
    expect(parsed.checkHost('localhost')).toBe('localhost');
    expect(parsed.checkHost('example.com')).toBeUndefined();
    expect(parsed.checkIP('127.0.0.2')).toBeUndefined();
  });

  it('cannot sign others and serves servers alone', () => {
    expect(parsed.ca).toBe(false);
    expect(parsed.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('is valid from a day ago until tomorrow', () => {
    expect(new Date(parsed.validFrom).toISOString()).toBe('2026-02-28T12:00:00.000Z');
    expect(new Date(parsed.validTo).toISOString()).toBe('2026-03-02T12:00:00.000Z');
  });

  it('has a key and a serial number of its own', () => {
    const other = createServerIdentity(['localhost'], now);
    expect(other.privateKey).not.toBe(privateKey);
    expect(new X509Certificate(other.certificate).serialNumber).not.toBe(parsed.serialNumber);
  });

  it('carries TLS for those who trust it, and for nobody else', async () => {
    const current = createServerIdentity(['localhost']);
    const server = createServer({ key: current.privateKey, cert: current.certificate }, (socket) =>
      socket.end(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const handshake = async (options: { ca?: string; servername?: string }): Promise<string> => {
      const { port } = server.address() as AddressInfo;
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ...options });
      try {
        await once(socket, 'secureConnect');
        return 'trusted';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'unknown';
      } finally {
        socket.destroy();
      }
    };
    try {
      expect(await handshake({ ca: current.certificate })).toBe('trusted');
      expect(await handshake({})).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
      expect(await handshake({ ca: current.certificate, servername: 'example.com' })).toBe(
        'ERR_TLS_CERT_ALTNAME_INVALID',
      );
    } finally {
      server.close();
    }
  });
});

describe('DER', () => {
  it.each([
    ['0', [0], '020100'],
    ['127', [0x7f], '02017f'],
    ['128, kept positive by a leading zero', [0x80], '02020080'],
    ['leading zeros that mean nothing', [0, 0, 1], '020101'],
  ])('encodes the whole number %s', (_, magnitude, encoded) => {
    expect(integer(Buffer.from(magnitude)).toString('hex')).toBe(encoded);
  });

  it('encodes object identifiers in base 128', () => {
    expect(oid('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302');
  });

  it('encodes lengths above 127 with a count of octets', () => {
    expect(utf8('x'.repeat(127)).subarray(0, 2).toString('hex')).toBe('0c7f');
    expect(utf8('x'.repeat(128)).subarray(0, 3).toString('hex')).toBe('0c8180');
    expect(utf8('x'.repeat(300)).subarray(0, 4).toString('hex')).toBe('0c82012c');
  });

  it('encodes years before 2050 with two digits and later ones with four', () => {
    expect(time(new Date('2049-12-31T23:59:59Z')).toString('latin1').slice(2)).toBe('491231235959Z');
    expect(time(new Date('2050-01-01T00:00:00Z')).toString('latin1').slice(2)).toBe('20500101000000Z');
  });
});
