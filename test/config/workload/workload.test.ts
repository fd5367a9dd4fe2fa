import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadWorkload, workloadNames } from '../../../config/workload/workload';
import { issuesOf } from '../../support/faults';

describe('loadWorkload', () => {
  test('reads the sensors: the tables of the story, and its two queries', async () => {
    const sensors = await loadWorkload('sensors');
    expect(sensors.distribution.tables.map(({ kind, table }) => `${kind} ${table.name}`)).toEqual([
      'reference device_types',
      'distributed devices',
      'distributed events',
    ]);
    expect(sensors.queries.map(({ name, expectedTasks }) => [name, expectedTasks])).toEqual([
      ['outliers', 'all'],
      ['device-42', 1],
    ]);
    expect(sensors.schemaSql).toContain('CREATE TABLE events');
    // Azure has MD5 switched off.
    expect(sensors.schemaSql + sensors.queries.map(({ sql }) => sql).join()).not.toMatch(/md5/i);
  });

  test('reads the payments: users and their payments together, merchants and kinds everywhere', async () => {
    const payments = await loadWorkload('payments');
    expect(payments.distribution.tables).toEqual([
      { kind: 'reference', table: { schema: 'public', name: 'event_types' } },
      { kind: 'reference', table: { schema: 'public', name: 'payment_merchants' } },
      { kind: 'distributed', table: { schema: 'public', name: 'payment_users' }, distributeBy: 'user_id' },
      {
        kind: 'distributed',
        table: { schema: 'public', name: 'payment_events' },
        distributeBy: 'user_id',
        colocateWith: { schema: 'public', name: 'payment_users' },
        primaryKey: ['event_id', 'user_id'],
      },
    ]);
    expect(payments.queries.map(({ name, expectedTasks }) => [name, expectedTasks])).toEqual([
      ['user-1', 1],
      ['send-funds-per-hour', 'all'],
      ['merchants-of-user-1', 1],
      ['most-active-users', 'all'],
      ['opening-hour', 'all'],
    ]);
    // On one node an event is told apart by its number alone: that is what the plan has to rewrite.
    expect(payments.schemaSql).toContain('event_id bigserial PRIMARY KEY');
    expect(payments.schemaSql).not.toMatch(/create_(distributed|reference)_table/);
  });

  test('reads a variant: the files of its own, and what it shares', async () => {
    const payments = await loadWorkload('payments');
    const partitioned = await loadWorkload('payments-partitioned');
    expect(partitioned.directory).toBe(payments.directory);
    expect(partitioned.queries).toEqual(payments.queries);
    expect(partitioned.distribution).toEqual({
      ...payments.distribution,
      tables: payments.distribution.tables.map((table) =>
        table.table.name === 'payment_events'
          ? { ...table, primaryKey: ['event_id', 'user_id', 'created_at'] }
          : table,
      ),
    });
    expect(payments.schemaSql).not.toContain('PARTITION BY');
    expect(partitioned.schemaSql).toContain(') PARTITION BY RANGE (created_at);');
  });

  test('shows the faults of a variant’s own files, and refuses a name that stands for two', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-config-'));
    try {
      const workloads = path.join(directory, 'workloads');
      cpSync('config/workloads/payments', path.join(workloads, 'payments'), { recursive: true });
      writeFileSync(path.join(workloads, 'payments', 'queries.partitioned.sql'), '');
      expect(await issuesOf(loadWorkload('payments-partitioned', directory))).toEqual([
        expect.stringContaining('queries.partitioned.sql:1: holds no query'),
      ]);
      expect((await loadWorkload('payments', directory)).queries).not.toHaveLength(0);

      const second = path.join(workloads, 'payments-partitioned');
      cpSync('config/workloads/sensors', second, { recursive: true });
      writeFileSync(path.join(workloads, 'README.md'), 'no workload');
      expect(workloadNames(directory)).toEqual(['payments', 'payments-partitioned']);
      expect(await issuesOf(loadWorkload('payments-partitioned', directory))).toEqual([
        expect.stringMatching(
          /the name "payments-partitioned" stands for .*distribution\.partitioned\.yaml and .*payments-partitioned\/distribution\.yaml: rename one of them/,
        ),
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('fails when there is no such workload, and names those there are', async () => {
    expect(await issuesOf(loadWorkload('sensor'))).toEqual([
      expect.stringMatching(
        /^config\/workloads: there is no workload "sensor" \(did you mean "sensors"\?\): choose payments, payments-partitioned or sensors/,
      ),
    ]);
    expect(await issuesOf(loadWorkload('../workloads/sensors'))).toHaveLength(1);
  });

  test('shows the faults of all its files at once', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-config-'));
    try {
      const home = path.join(directory, 'workloads', 'sensors');
      cpSync('config/workloads/sensors', home, { recursive: true });
      writeFileSync(path.join(home, 'distribution.yaml'), 'tables: {}');
      writeFileSync(path.join(home, 'queries.sql'), '');
      rmSync(path.join(home, 'schema.sql'));
      expect(await issuesOf(loadWorkload('sensors', directory))).toEqual([
        expect.stringContaining('distribution.yaml:1: tables: names no table'),
        expect.stringContaining('queries.sql:1: holds no query'),
        expect.stringContaining('schema.sql: the file does not exist'),
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('every workload of this repository can be read', async () => {
    for (const name of workloadNames()) expect((await loadWorkload(name)).queries).not.toHaveLength(0);
  });
});
