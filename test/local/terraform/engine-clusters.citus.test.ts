import { existsSync } from 'node:fs';
import { request } from 'node:https';
import type { ConnectionTarget } from '../../../scripts/lib/connection';
import { withClient } from '../../../scripts/lib/connection';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import { localEngines } from '../../../scripts/local/engines';
import { chooseEngine } from '../../../scripts/local/engines/choose-engine';
import { EngineClusters } from '../../../scripts/local/terraform/engine-clusters';
import { platformSuite } from '../../support/citus';
import { GROUP } from '../azure/arm-client';

const PASSWORD = 'Rehearsal-only-7';
const CLUSTER = `${GROUP}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi`;

interface Answer {
  readonly operation: string;
  readonly status?: string;
  readonly error?: { readonly message: string };
  readonly properties?: { readonly serverNames: readonly { readonly fullyQualifiedDomainName: string }[] };
}

platformSuite('requests to the stand-in and the cluster behind it', () => {
  let clusters: EngineClusters;
  let azure: AzureStandIn;

  beforeAll(async () => {
    const engines = localEngines({}).filter(({ name }) => name === 'docker' || name === 'native');
    const { availability } = await chooseEngine(engines, undefined);
    clusters = new EngineClusters(() => availability.start(silentReporter));
    azure = await startAzureStandIn({ newClusters: 'accepted', clusters, operationMs: 0 });
    await send('PUT', GROUP, { location: 'westus2' });
  });
  afterAll(async () => {
    await azure.close();
    await clusters.stop();
  });

  function send(method: string, path: string, body?: object): Promise<Answer> {
    const version = path.startsWith(CLUSTER) ? '2022-11-08' : '2023-07-01';
    const url = path.startsWith('https:') ? path : `${azure.origin}${path}?api-version=${version}`;
    const headers = { Authorization: 'Bearer x' };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, ca: azure.certificate, headers, agent: false }, (reply) => {
        let text = '';
        reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
        reply.on('end', () =>
          resolve({
            ...(JSON.parse(text === '' ? '{}' : text) as object),
            operation: String(reply.headers['azure-asyncoperation']),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Sends a change and waits for its operation. */
  async function change(method: string, path: string, properties?: object): Promise<void> {
    const body = properties === undefined ? undefined : { location: 'westus2', properties };
    const { operation } = await send(method, path, body);
    let answer = await send('GET', operation);
    while (answer.status === 'InProgress') {
      await new Promise((resolve) => setTimeout(resolve, 50));
      answer = await send('GET', operation);
    }
    expect(answer).toMatchObject({ status: 'Succeeded' });
  }

  /** The coordinator, by the name that the service gives it. */
  async function coordinator(user = 'citus', password = PASSWORD): Promise<ConnectionTarget> {
    const [server] = (await send('GET', CLUSTER)).properties?.serverNames ?? [];
    const address = azure.resolve(server?.fullyQualifiedDomainName ?? '');
    if (address === undefined) throw new Error('the coordinator is nowhere');
    return { ...address, user, password, database: 'citus', sslMode: 'disable' };
  }
  const query = async (target: ConnectionTarget, sql: string): Promise<unknown[]> =>
    withClient(target, async (client) => {
      const { rows } = await client.query<{ value: unknown }>(sql);
      return rows.map(({ value }) => value);
    });
  const hosting = async (): Promise<unknown[]> =>
    query(
      await coordinator('citus', `${PASSWORD}x`),
      'SELECT shouldhaveshards AS value FROM pg_dist_node ORDER BY groupid',
    );

  it('makes, changes, grows and removes a cluster', async () => {
    await change('PUT', CLUSTER, {
      administratorLoginPassword: PASSWORD,
      nodeCount: 0,
      coordinatorVCores: 4,
      coordinatorStorageQuotaInMb: 524_288,
    });
    const target = await coordinator();
    expect(await query(target, 'SELECT current_user::text AS value')).toEqual(['citus']);
    const [made] = clusters.running();
    const directory = made?.directory ?? '';
    expect(existsSync(directory)).toBe(true);

    await change('PATCH', CLUSTER, { administratorLoginPassword: `${PASSWORD}x` });
    await expect(withClient(target, (client) => client.query('SELECT 1'))).rejects.toThrow(/password/i);
    expect(await hosting()).toEqual([true]);

    await change('PUT', `${CLUSTER}/roles/reader`, { password: PASSWORD });
    await change('PATCH', CLUSTER, { nodeCount: 2 });
    expect(await hosting()).toEqual([true, true, true]);
    await change('PATCH', CLUSTER, { nodeCount: 3, enableShardsOnCoordinator: false });
    expect(await hosting()).toEqual([false, true, true, true]);

    // The nodes log in to each other with the changed password, and with the role's.
    const reach = "SELECT bool_and(success) AS value FROM run_command_on_all_nodes('SELECT 1')";
    expect(await query(await coordinator('citus', `${PASSWORD}x`), reach)).toEqual([true]);
    expect(await query(await coordinator('reader'), reach)).toEqual([true]);
    await change('DELETE', `${CLUSTER}/roles/reader`);
    await expect(query(await coordinator('reader'), 'SELECT 1 AS value')).rejects.toThrow();

    await change('DELETE', CLUSTER);
    expect(existsSync(directory)).toBe(false);
    expect(clusters.running()).toEqual([]);
  }, 120_000);
});
