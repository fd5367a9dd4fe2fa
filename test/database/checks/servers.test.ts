import type { ReplicationServer } from '../../../scripts/citus/replication-servers';
import { planTables } from '../../../scripts/tables/plan/plan';
import { idleServer, key, liveDatabase, liveTable } from '../../tables/support/catalog';
import { byId, faultsOf, spec } from '../../tables/support/specifications';

const coordinator: ReplicationServer = {
  node: 'c:5432',
  groupId: 0,
  shouldHaveShards: true,
  ...idleServer,
};
const worker: ReplicationServer = { ...coordinator, node: 'w:5432', groupId: 1 };
const keyed = liveTable('t', {
  keys: [key('t_pkey', 'primary', ['id'])],
});
const faults = (online: boolean, ...replicationServers: ReplicationServer[]): string[] =>
  faultsOf({ ...spec(byId('t')), online }, liveDatabase([keyed], { replicationServers }));

test('servers that have what an online copy needs are no fault', () => {
  expect(faults(true, coordinator, worker)).toEqual([]);
  expect(faults(true, { ...coordinator, outputPlugins: 'pgoutput, "citus"', slotsInUse: 8 }, worker)).toEqual(
    [],
  );
});

test.each([
  ['slots', { slotsInUse: 9 }, {}, /needs 2 of max_replication_slots on c:5432, and 9 of 10 are in use/],
  ['senders', { senders: 1 }, {}, /needs 2 of max_wal_senders on c:5432/],
  [
    'plugins',
    { outputPlugins: 'pgoutput, test_decoding' },
    {},
    /needs citus among output_plugin_libraries on c:5432/,
  ],
  [
    'apply workers',
    {},
    { applyWorkers: 0 },
    /max_logical_replication_workers of at least 1, and it is 0 on w:5432/,
  ],
  [
    'worker processes',
    {},
    { workerProcesses: 3 },
    /max_worker_processes of at least 4, and it is 3 on w:5432/,
  ],
])('one that lacks %s is named, and nothing where writes wait', (_, ofCoordinator, ofWorker, message) => {
  const servers = [
    { ...coordinator, ...ofCoordinator },
    { ...worker, ...ofWorker },
  ];
  expect(faults(true, ...servers)).toEqual([expect.stringMatching(message)]);
  expect(faults(true, ...servers)[0]).toMatch(/say online: false/);
  expect(faults(false, ...servers)).toEqual([]);
});

test('what this role may not see of the coordinator needs an allowance where a copy depends on it', () => {
  const findings = (online: boolean): unknown[] => {
    const live = liveDatabase([keyed], {
      replicationServers: [{ ...coordinator, pluginsHidden: true }, worker],
    });
    return planTables({ ...spec(byId('t')), online }, live).findings.filter(({ id }) =>
      id.startsWith('hidden-'),
    );
  };
  expect(findings(true)).toEqual([
    {
      id: 'hidden-setting:output_plugin_libraries',
      needs: 'allowance',
      message: expect.stringMatching(
        /on c:5432, .*online copy of t fails.*GRANT pg_read_all_settings TO "\w+"/,
      ) as string,
    },
  ]);
  expect(findings(false)).toEqual([]);
});
