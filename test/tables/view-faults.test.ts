import type { Distribution, ExpectedTable } from '../../config/distribution-types';
import { findFaults } from '../../scripts/tables/faults';
import type { CitusTable, LiveTable } from '../../scripts/tables/live';
import { Outlook } from '../../scripts/tables/outlook';
import { distribution, foreignKey, liveDatabase, liveTable, named } from './support/catalog';

const byId = (name: string): ExpectedTable => ({
  kind: 'distributed',
  table: named(name),
  distributeBy: 'id',
});
const whole = (name: string): ExpectedTable => ({ kind: 'reference', table: named(name) });
const spec = (...tables: ExpectedTable[]): Distribution => distribution({ tables });
const faultsOf = (expected: Distribution, ...tables: LiveTable[]): string[] =>
  findFaults(new Outlook(expected, liveDatabase(tables)));

describe('what is on views and would be lost', () => {
  const granted = (more: Partial<LiveTable> = {}): LiveTable =>
    liveTable('t', { grantedViews: ['public.v'], ...more });
  const online = spec(byId('t'));
  const lost = /which makes public\.v anew without grants, comments, indexes and triggers/;

  test('before an online copy, and not before one with writes waiting', () => {
    expect(faultsOf(online, granted())).toEqual([expect.stringMatching(lost)]);
    expect(faultsOf(online, granted())[0]).toMatch(/beside running writes.*, or say online: false$/);
    expect(faultsOf({ ...online, online: false }, granted())).toEqual([]);
    expect(faultsOf(online, granted({ keys: [] }))).toEqual([]);
    expect(faultsOf(spec(whole('t')), granted())).toEqual([]);
  });

  test('where a local table is distributed, whatever the copy', () => {
    const citus: CitusTable = { kind: 'local', autoConverted: true };
    expect(faultsOf({ ...online, online: false }, granted({ citus }))).toEqual([
      expect.stringMatching(/t is local to Citus and is to be distributed, which makes public\.v anew/),
    ]);
    expect(faultsOf(spec(whole('t')), granted({ citus }))).toEqual([]);
  });

  test('where a neighbour turns local, once', () => {
    const child = granted({ foreignKeys: [foreignKey('t', ['id'], 'kinds')] });
    expect(faultsOf(spec(whole('kinds')), child, liveTable('kinds'))).toEqual([
      expect.stringMatching(/Citus turns t local, which makes public\.v anew/),
    ]);
    const both = spec(whole('kinds'), byId('t'));
    expect(faultsOf(both, child, liveTable('kinds'))).toEqual([
      expect.stringMatching(/beside running writes/),
    ]);
    expect(faultsOf({ ...both, online: false }, child, liveTable('kinds'))).toEqual([]);
  });
});
