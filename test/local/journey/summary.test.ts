import type { JourneyResult } from '../../../scripts/local/journey/journey';
import type { RunFacts } from '../../../scripts/local/journey/summary';
import { runDocument, summaryText } from '../../../scripts/local/journey/summary';

const facts: RunFacts = {
  engine: 'native',
  workload: 'sensors',
  rows: 200_000,
  order: 'scale-first',
  stages: [
    { name: 'distribute', seconds: 3.2 },
    { name: 'rebalance', seconds: 81 },
  ],
};

const MIB = 1024 * 1024;
const result: JourneyResult = {
  simulated: false,
  placements: [
    { node: 'coordinator', shards: 11, bytes: 10 * MIB, totalBytes: 11 * MIB },
    { node: 'w0', shards: 11, bytes: 8 * MIB, totalBytes: 8 * MIB },
    { node: 'w1', shards: 10, bytes: 7 * MIB, totalBytes: 7 * MIB },
  ],
  tasks: { perDevice: 1, allDevices: 32 },
  subject: { one: 'device', all: 'devices' },
  rebalance: { moves: 0, bytes: 0 },
  estimate: { seconds: 74 },
  verify: { ok: true, checks: [{ id: 'rows:events', ok: true, detail: 'the same' }] },
};

test('scale-first names its own cost, and what the other order would have had to move', () => {
  const text = summaryText(facts, result);
  expect(text).toContain('200,000 rows of sensors on native, scale-first, in 1 min 24 s');
  expect(text).toContain('Task Count: 32 for all devices, 1 for one device');
  expect(text).toContain('distributed in 3.2 s straight to 3 nodes');
  expect(text).toContain('the rebalance had no move to make');
  expect(text).toContain('21 moves of 15.0 MiB, about 1 min 14 s as `rebalance plan` estimates it');
});

test('distribute-first names the moves it made and how long they took', () => {
  const text = summaryText(
    { ...facts, order: 'distribute-first' },
    { ...result, rebalance: { moves: 21, bytes: 15 * MIB } },
  );
  expect(text).toContain('the rebalance made 21 moves of 15.0 MiB in 1 min 21 s.');
});

test('the words of the workload are those the tables are distributed by', () => {
  const text = summaryText(facts, { ...result, subject: { one: 'user', all: 'users' } });
  expect(text).toContain('Task Count: 32 for all users, 1 for one user');
});

test('checks that do not hold are counted', () => {
  const verify = {
    ok: false,
    checks: [
      { id: 'a', ok: true, detail: '' },
      { id: 'b', ok: false, detail: '' },
    ],
  };
  expect(summaryText(facts, { ...result, verify })).toContain('Not verified: 1 of 2 checks do not hold');
});

test('a simulation says so wherever it speaks of what did not happen, and claims no time for it', () => {
  const simulated: JourneyResult = { ...result, simulated: true };
  delete (simulated as { estimate?: unknown }).estimate;
  const text = summaryText({ ...facts, order: 'distribute-first' }, simulated);
  for (const line of ['coordinator', 'w0', 'w1', 'Task Count', 'Verified', 'What the order costs']) {
    const found = text.split('\n').find((each) => each.startsWith(line));
    expect(found).toContain('[simulated]');
  }
  expect(text).not.toMatch(/moves? .* in 1 min/);

  const document = runDocument(facts, simulated);
  expect(document.placements.every((placement) => placement.simulated === true)).toBe(true);
  expect([document.tasks, document.rebalance, document.verify].every((part) => part.simulated === true)).toBe(
    true,
  );
});

test('the document has what others build on', () => {
  expect(runDocument(facts, result)).toEqual({
    formatVersion: 1,
    ...facts,
    simulated: false,
    placements: [
      { node: 'coordinator', shards: 11, bytes: 10 * MIB },
      { node: 'w0', shards: 11, bytes: 8 * MIB },
      { node: 'w1', shards: 10, bytes: 7 * MIB },
    ],
    tasks: { perDevice: 1, allDevices: 32 },
    rebalance: { moves: 0, bytes: 0 },
    verify: result.verify,
  });
});

test('a cluster that Terraform deployed says what was real, and what stood in for Azure', () => {
  const terraform: NonNullable<RunFacts['terraform']> = {
    version: '1.11.4',
    provider: 'hashicorp/azurerm 4.55.0',
    environment: 'dev',
    service: 'cosmosdb-postgresql',
    adopted: { id: '/subscriptions/s', seconds: 6.2, imports: ['a.Cluster', 'a.Cluster_office'] },
    deploys: [
      { stage: 'single-node', imported: 2, added: 0, changed: 0, destroyed: 0, seconds: 16 },
      { stage: 'scaled-out', imported: 0, added: 0, changed: 1, destroyed: 0, seconds: 9.5 },
    ],
    replanEmpty: true,
    requests: 70,
  };
  const text = summaryText({ ...facts, terraform }, result);
  expect(text).toContain('Service: cosmosdb-postgresql, a cluster of Azure Cosmos DB for PostgreSQL.');
  const elastic = summaryText({ ...facts, terraform: { ...terraform, service: 'elastic-cluster' } }, result);
  expect(elastic).toContain('Service: elastic-cluster, of Azure Database for PostgreSQL');
  expect(text).toMatch(/^Adopted: .* in 6\.2 s: 2 to import and nothing else\.$/m);
  expect(text).toMatch(/cdktf deploy dev +imported +added +changed +destroyed/);
  expect(text).toMatch(/single-node +2 +0 +0 +0/);
  expect(text).toMatch(/scaled-out +0 +0 +1 +0/);
  expect(text).toContain(
    'Real: Terraform 1.11.4, the plugin hashicorp/azurerm 4.55.0 as it is published, PostgreSQL and Citus of this machine.',
  );
  expect(text).toContain('Stood in: Azure Resource Manager');
  expect(text).toContain('It answered 70 requests, and none went to Azure.');
  expect(runDocument({ ...facts, terraform }, result).terraform).toEqual(terraform);
  expect(summaryText(facts, result)).not.toContain('Stood in');
  expect(runDocument(facts, result)).not.toHaveProperty('terraform');
});
