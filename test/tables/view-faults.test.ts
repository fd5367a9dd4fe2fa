import type { Distribution, ExpectedTable } from '../../config/distribution-types';
import { findFaults } from '../../scripts/tables/faults';
import type { CitusTable, LiveTable } from '../../scripts/tables/live';
import { Outlook } from '../../scripts/tables/outlook';
import { planTables } from '../../scripts/tables/plan';
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

  test('is kept by a copy with writes waiting, which says so, where an online one would lose it', () => {
    const [step] = planTables(online, liveDatabase([granted()])).steps;
    expect(step).toMatchObject({
      id: 'distribute:t',
      blocksWrites: true,
      comment: expect.stringMatching(
        /with writes waiting: on the way to an online copy Citus makes public\.v anew without/,
      ) as string,
    });
    expect(planTables(online, liveDatabase([granted({ grantedViews: [] })])).steps[0]).toMatchObject({
      blocksWrites: false,
    });
    expect(faultsOf({ ...online, online: false }, granted())).toEqual([]);
    expect(faultsOf(spec(whole('t')), granted())).toEqual([]);
  });

  test('where a local table is distributed with writes waiting: beside writes it is copied as it is', () => {
    const citus: CitusTable = { kind: 'local', autoConverted: true };
    expect(faultsOf({ ...online, online: false }, granted({ citus }))).toEqual([
      expect.stringMatching(
        /t is local to Citus and is to be distributed with writes waiting, which makes public\.v anew.*, or say online: true$/,
      ),
    ]);
    expect(faultsOf(online, granted({ citus, unlogged: true }))).toEqual([
      expect.stringMatching(/create it again afterwards with all of them$/),
    ]);
    expect(faultsOf(online, granted({ citus }))).toEqual([]);
    expect(faultsOf(spec(whole('t')), granted({ citus }))).toEqual([]);
  });

  test('where a neighbour turns local, once', () => {
    const child = granted({ foreignKeys: [foreignKey('t', ['id'], 'kinds')] });
    expect(faultsOf(spec(whole('kinds')), child, liveTable('kinds'))).toEqual([
      expect.stringMatching(/Citus turns t local, which makes public\.v anew/),
    ]);
    const both = spec(whole('kinds'), byId('t'));
    expect(faultsOf(both, child, liveTable('kinds'))).toEqual([]);
    expect(faultsOf({ ...both, online: false }, child, liveTable('kinds'))).toEqual([]);
  });
});
