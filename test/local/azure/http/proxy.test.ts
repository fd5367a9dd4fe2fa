import type { AzureStandIn } from '../../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../../scripts/local/azure/http/server';
import { dataPlane, tunnel } from '../data-plane-client';

describe('the proxy of the stand-in', () => {
  let azure: AzureStandIn;
  beforeEach(async () => {
    azure = await startAzureStandIn({ operationMs: 0 });
  });
  afterEach(() => azure.close());

  it.each([
    'example.com:443',
    'management.azure.com:443',
    'login.microsoftonline.com:443',
    'vault.azure.net:443',
    'a.b.vault.azure.net:443',
    'wwi.vault.azure.net.example.com:443',
    'wwi.vault.azure.net:22',
    '127.0.0.1:5432',
  ])('refuses %s and says that somebody asked', async (target) => {
    expect(await tunnel(azure, target)).toBe(403);
    expect(azure.refusedHosts).toEqual([target]);
    expect(azure.requests).toEqual([]);
  });

  it('refuses an address without TLS', async () => {
    const proxy = azure.terraformEnvironment({})['HTTP_PROXY'] ?? '';
    expect((await fetch(`${proxy}/anything`)).status).toBe(403);
    expect(azure.refusedHosts).toEqual(['/anything']);
  });

  it('leads to a data plane under its public name, with a certificate for it, however it is spelled', async () => {
    const { status } = await dataPlane(azure, 'GET', 'https://WWI.vault.azure.net/secrets/a?api-version=7.4');
    expect(status).toBe(401);
    expect(azure.refusedHosts).toEqual([]);
    expect(azure.requests).toEqual([
      { method: 'GET', url: 'https://wwi.vault.azure.net/secrets/a?api-version=7.4', status: 401 },
    ]);
  });

  it('does not answer for Resource Manager under the name of a data plane', async () => {
    const address = 'https://wwi.vault.azure.net/subscriptions/s/resourceGroups/rg?api-version=2023-07-01';
    expect((await dataPlane(azure, 'GET', address, { token: 'x' })).status).toBe(501);
  });

  it("is the one proxy of Terraform's environment, past which it reaches plugins alone", () => {
    const environment = azure.terraformEnvironment({
      https_proxy: 'http://proxy.example.com',
      no_proxy: '*',
      ALL_PROXY: 'socks5://proxy.example.com',
      PATH: '/bin',
    });
    for (const name of ['https_proxy', 'no_proxy', 'ALL_PROXY']) expect(environment).not.toHaveProperty(name);
    expect(environment['HTTPS_PROXY']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(environment['NO_PROXY']).toBe('localhost,127.0.0.1,registry.terraform.io,releases.hashicorp.com');
  });

  it('closes with connections still open', async () => {
    const other = await startAzureStandIn({ operationMs: 0 });
    const socket = await tunnel(other, 'wwi.vault.azure.net:443');
    await other.close();
    expect(typeof socket).toBe('object');
  });
});
