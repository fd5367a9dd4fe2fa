import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { httpSender, proxyFor } from '../../scripts/adopt/https';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';

const never = new AbortController().signal;

describe('the way to Azure', () => {
  let azure: AzureStandIn;
  let directory: string;
  beforeAll(async () => {
    azure = await startAzureStandIn();
    directory = mkdtempSync(path.join(tmpdir(), 'scaleout-https-'));
    writeFileSync(path.join(directory, 'ca.pem'), azure.certificate);
  });
  afterAll(async () => {
    await azure.close();
    rmSync(directory, { recursive: true });
  });
  const metadata = () => ({
    method: 'GET' as const,
    url: `${azure.origin}/metadata/endpoints?api-version=2022-09-01`,
    headers: {},
  });

  it('trusts whom the variables say, and nobody else', async () => {
    for (const trust of [{ SSL_CERT_FILE: path.join(directory, 'ca.pem') }, { SSL_CERT_DIR: directory }]) {
      await expect(httpSender(trust, never)(metadata())).resolves.toMatchObject({ status: 200 });
    }
    await expect(httpSender({}, never)(metadata())).rejects.toThrow(/certificate/);
  });

  it('goes through the proxy of the variables', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client) => {
      asked.push(`${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`);
      if (request.url?.startsWith('refused') === true) {
        client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const server = connect(Number(new URL(azure.origin).port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        server.pipe(client).pipe(server);
      });
      for (const socket of [client, server]) socket.on('error', () => undefined);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const { port } = proxy.address() as AddressInfo;
      const send = httpSender(
        { HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${String(port)}`, SSL_CERT_DIR: directory },
        never,
      );
      // The certificate of the stand-in has names of data planes as well.
      const vault = { ...metadata(), url: 'https://kv.vault.azure.net/nothing' };
      await expect(send(vault)).resolves.toMatchObject({ status: 501 });
      expect(asked).toEqual([`kv.vault.azure.net:443 Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
      await expect(send({ ...vault, url: 'https://refused.example/' })).rejects.toThrow(
        /answers 403 to CONNECT refused\.example:443/,
      );
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it.each([
    ['https://management.azure.com/', {}, undefined],
    ['https://management.azure.com/', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['https://management.azure.com/', { https_proxy: 'proxy:3128' }, 'http://proxy:3128/'],
    ['https://localhost:8443/', { HTTPS_PROXY: 'http://proxy:3128' }, undefined],
    [
      'https://management.azure.com/',
      { HTTPS_PROXY: 'http://p', NO_PROXY: 'a.example, .azure.com' },
      undefined,
    ],
    ['https://management.azure.com/', { HTTPS_PROXY: 'http://p', NO_PROXY: 'azure.com:443' }, undefined],
    ['https://management.azure.com/', { HTTPS_PROXY: 'http://p', NO_PROXY: 'azure.com:8443' }, 'http://p/'],
    ['https://management.azure.com/', { HTTPS_PROXY: 'http://p', no_proxy: '*' }, undefined],
    ['https://management.azure.com/', { HTTPS_PROXY: 'http://p', NO_PROXY: 'zure.com' }, 'http://p/'],
  ])('to %s with %j is %s', (address, variables, proxy) => {
    expect(proxyFor(address, variables)?.href).toBe(proxy);
  });
});
