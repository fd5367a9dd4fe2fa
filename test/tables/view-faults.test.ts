import type { CitusTable, LiveTable } from '../../scripts/tables/live';
import { planTables } from '../../scripts/tables/plan';
import { foreignKey, liveDatabase, liveTable } from './support/catalog';
import { byId, faultsAmong, spec, whole } from './support/specifications';

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
    expect(faultsAmong({ ...online, online: false }, granted())).toEqual([]);
    expect(faultsAmong(spec(whole('t')), granted())).toEqual([]);
  });

  test('where a local table is distributed with writes waiting: beside writes it is copied as it is', () => {
    const citus: CitusTable = { kind: 'local', autoConverted: true };
    expect(faultsAmong({ ...online, online: false }, granted({ citus }))).toEqual([
      expect.stringMatching(
        /t is local to Citus and is to be distributed with writes waiting, which makes public\.v anew.*, or say online: true$/,
      ),
    ]);
    expect(faultsAmong(online, granted({ citus, unlogged: true }))).toEqual([
      expect.stringMatching(/create it again afterwards with all of them$/),
    ]);
    expect(faultsAmong(online, granted({ citus }))).toEqual([]);
    expect(faultsAmong(spec(whole('t')), granted({ citus }))).toEqual([]);
  });

  test('where a neighbour turns local, once', () => {
    const child = granted({ foreignKeys: [foreignKey('t', ['id'], 'kinds')] });
    expect(faultsAmong(spec(whole('kinds')), child, liveTable('kinds'))).toEqual([
      expect.stringMatching(/Citus turns t local, which makes public\.v anew/),
    ]);
    const both = spec(whole('kinds'), byId('t'));
    expect(faultsAmong(both, child, liveTable('kinds'))).toEqual([]);
    expect(faultsAmong({ ...both, online: false }, child, liveTable('kinds'))).toEqual([]);
  });
});
