import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { createServerIdentity } from '../../../../scripts/local/azure/http/certificate';

describe('createServerIdentity', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  let privateKey: string;
  let parsed: X509Certificate;
  beforeAll(async () => {
    const identity = await createServerIdentity(['localhost', '127.0.0.1'], now);
    ({ privateKey } = identity);
    parsed = new X509Certificate(identity.certificate);
  });

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

  it('has a key and a serial number of its own', async () => {
    const other = await createServerIdentity(['localhost'], now);
    expect(other.privateKey).not.toBe(privateKey);
    expect(new X509Certificate(other.certificate).serialNumber).not.toBe(parsed.serialNumber);
  });

  it('carries TLS for those who trust it, and for nobody else', async () => {
    const current = await createServerIdentity(['localhost']);
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
