import type { LiveDatabase, LiveForeignKey } from '../../../scripts/database/model/live';
import { showTable } from '../../../scripts/database/model/names';
import { ConversionTracker } from '../../../scripts/database/target/conversions';
import type { Conversion } from '../../../scripts/database/target/conversions';
import { distributed, foreignKey, liveDatabase, liveTable, named, reference } from '../support/catalog';

const from = (table: string, ...to: string[]): LiveForeignKey[] =>
  to.map((references) => foreignKey(table, ['id'], references));
const following = ({ tables }: LiveDatabase, ...away: LiveForeignKey[]): ConversionTracker =>
  new ConversionTracker(tables, new Set(away));
const told = (turns: readonly Conversion[]): string[] =>
  turns.map(({ table, forgets }) => `${showTable(table)}: ${forgets}`);
const local = { kind: 'local', autoConverted: true } as const;

/** z references y references x: all plain, like w, which nothing connects with them. */
const chain = liveDatabase([
  liveTable('w'),
  liveTable('x'),
  liveTable('y', { foreignKeys: from('y', 'x') }),
  liveTable('z', { foreignKeys: from('z', 'y') }),
]);

describe('which tables Citus makes anew', () => {
  test('a table that becomes a reference table takes all that foreign keys connect with it along, and is not made anew itself', () => {
    const turning = following(chain);
    expect(told(turning.becomesReference(named('x')))).toEqual([
      'x: foreign keys',
      'y: everything',
      'z: everything',
    ]);
    expect(['w', 'x', 'y', 'z'].map((name) => turning.isPlain(named(name)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test('one that is local by then is made anew when it is distributed, and not as a reference table', () => {
    const turning = following(chain);
    turning.becomesReference(named('x'));
    expect(told(turning.becomesDistributed(named('z'), false))).toEqual(['z: everything']);
    expect(told(turning.becomesDistributed(named('z'), false))).toEqual([]);
    expect(told(turning.becomesReference(named('y')))).toEqual([]);
  });

  test('a plain table is distributed in place, and by way of local where it is copied online; a local one the other way round', () => {
    expect(told(following(chain).becomesDistributed(named('w'), false))).toEqual([]);
    expect(told(following(chain).becomesDistributed(named('w'), true))).toEqual(['w: everything']);
    const live = liveDatabase([liveTable('w', { citus: local })]);
    expect(told(following(live).becomesDistributed(named('w'), false))).toEqual(['w: everything']);
    expect(told(following(live).becomesDistributed(named('w'), true))).toEqual([]);
  });

  test('a foreign key that is away connects nothing until it is back', () => {
    const [key] = chain.tables[2]?.foreignKeys ?? [];
    if (key === undefined) throw new Error('y has no foreign key');
    const turning = following(chain, key);
    expect(told(turning.becomesReference(named('x')))).toEqual(['x: foreign keys']);
    expect(told(turning.comesBack(key)).sort()).toEqual(['y: everything', 'z: everything']);
    expect(told(turning.comesBack(key))).toEqual([]);
  });

  test.each([
    ['a reference table', reference],
    ['a table local to Citus', local],
  ])(
    'a foreign key between a plain table and %s turns the plain one, whichever references which',
    (_, citus) => {
      const live = liveDatabase([...chain.tables, liveTable('known', { citus })]);
      for (const key of [...from('known', 'z'), ...from('z', 'known')]) {
        expect(told(following(live).comesBack(key)).sort()).toEqual([
          'x: everything',
          'y: everything',
          'z: everything',
        ]);
      }
    },
  );

  test('a foreign key between plain tables turns none, and later all of both', () => {
    const turning = following(chain);
    const [key] = from('w', 'z');
    if (key === undefined) throw new Error('no foreign key');
    expect(turning.comesBack(key)).toEqual([]);
    expect(told(turning.becomesReference(named('w'))).sort()).toEqual([
      'w: foreign keys',
      'x: everything',
      'y: everything',
      'z: everything',
    ]);
  });

  test('what Citus knows already stays as it is', () => {
    const live = liveDatabase([
      liveTable('kinds', { citus: reference }),
      liveTable('events', { citus: distributed('id', 3), foreignKeys: from('events', 'kinds') }),
    ]);
    expect(told(following(live).comesBack({ table: named('events'), references: named('kinds') }))).toEqual(
      [],
    );
  });

  test('a schema keeps its tables and makes their foreign keys anew', () => {
    const turning = following(chain);
    expect(told(turning.becomeSchema([named('x'), named('y')]))).toEqual([
      'x: foreign keys',
      'y: foreign keys',
    ]);
    expect(turning.isPlain(named('y'))).toBe(false);
  });
});
