import { describeDatabase, isSameCluster, isSameDatabase } from '../../../scripts/database/observe/identity';
import type { DatabaseIdentity } from '../../../scripts/database/observe/identity';

const node = (name: string, groupId = 0): DatabaseIdentity['nodes'][number] => ({
  groupId,
  name,
  port: 5432,
});
const citus: DatabaseIdentity = { name: 'citus', id: 'aa06', systemIdentifier: '7423', nodes: [node('c')] };
const unknown: DatabaseIdentity = { name: 'citus', id: 'aa06', nodes: [node('c')] };

test.each<[string, DatabaseIdentity, boolean, boolean]>([
  ['itself', citus, true, true],
  ['itself, scaled out', { ...citus, nodes: [node('c'), node('w0', 1), node('w1', 2)] }, true, true],
  ['itself, on other ports', { ...citus, nodes: [{ ...node('c'), port: 6432 }] }, true, true],
  ['itself, where the role may not read the system identifier', unknown, true, true],
  ['itself, before a node was registered', { ...citus, nodes: [] }, true, true],
  ['itself, before the coordinator had a name', { ...citus, nodes: [node('localhost')] }, true, true],
  ['a backup that was restored beside it', { ...citus, nodes: [node('other')] }, true, false],
  ['another cluster', { ...citus, systemIdentifier: '9999' }, false, false],
  ['a database of the same template', { ...citus, name: 'copy' }, false, false],
  ['another database of that name', { ...citus, id: 'bb17' }, false, false],
])('a database and %s', (_what, other, database, cluster) => {
  for (const [a, b] of [
    [citus, other],
    [other, citus],
  ] as const) {
    expect(isSameDatabase(a, b)).toBe(database);
    expect(isSameCluster(a, b)).toBe(cluster);
  }
});

test('is described by all that it is told apart by', () => {
  expect(describeDatabase({ ...citus, nodes: [node('c'), node('w0', 1)] })).toBe(
    '"citus" (aa06, system identifier 7423, nodes c:5432 w0:5432)',
  );
  expect(describeDatabase({ name: 'plain', id: '', nodes: [] })).toBe(
    '"plain" (without an identity of Citus)',
  );
});
