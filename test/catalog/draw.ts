import { chance as chanceOf } from './chance';
import type { Chance } from './chance';
import type { Case, DrawnTable, FeatureUse } from './case';
import { drawName } from './names';
import type { Feature } from './feature';
import { FEATURES } from './features';

/**
 * Of all cases, those that have something which is refused, and those that are copied while writes go on. One more in a hundred is refused for
 * what its other features are together, and 85 of a hundred are to end distributed whatever the seed.
 */
const REFUSED_SHARE = 0.1;
const ONLINE_SHARE = 0.1;

const PLACEMENTS: readonly [DrawnTable['placement'], ...DrawnTable['placement'][]] = [
  'distributed',
  'distributed',
  'distributed',
  'reference',
  'local',
];

const PARTITIONS: readonly [DrawnTable['partitions'], ...DrawnTable['partitions'][]] = [
  'none',
  ...Array.from({ length: 7 }, () => 'none' as const),
  ...(['range', 'range and default', 'list'] as const).flatMap((shape) => [shape, shape]),
  'empty',
];

/** Rows of a table: a multiple of the number of tenants, so that parents are of the same tenant. */
const TENANTS = 7;

/** The case that a seed stands for. */
export function drawCase(seed: number): Case {
  const chance = chanceOf(seed);
  const online = chance.is(ONLINE_SHARE);
  const refused = chance.is(REFUSED_SHARE);
  const count = 2 + chance.below(4);
  let tables: DrawnTable[] = [];
  for (let id = 0; id < count; id += 1) tables.push(drawTable(chance, tables, id));
  if (refused) tables = withRefused(chance, tables);
  return {
    tenantType: chance.pick(['integer', 'integer', 'bigint', 'text', 'uuid']),
    tables,
    online,
    then: chance.pick(['rebalance', 'other shard count', 'other shard count']),
  };
}

function drawTable(chance: Chance, before: readonly DrawnTable[], id: number): DrawnTable {
  const placement = id === 0 ? 'distributed' : chance.pick(PLACEMENTS);
  const bare: DrawnTable = {
    id,
    table: drawName(chance, id),
    placement,
    key: drawKey(chance, placement),
    partitions: placement === 'distributed' ? chance.pick(PARTITIONS) : 'none',
    rows: TENANTS * chance.pick([10, 10, 20]),
    uses: [],
  };
  const many = 2 + chance.below(7);
  return drawUses(chance, bare, before, many, (feature) => feature.refused?.(bare) !== true);
}

function drawKey(chance: Chance, placement: DrawnTable['placement']): DrawnTable['key'] {
  if (placement !== 'distributed') return chance.pick(['primary', 'primary', 'unique', 'covering']);
  return chance.pick(['primary', 'primary', 'primary', 'primary', 'unique', 'none', 'replaced', 'covering']);
}

function drawUses(
  chance: Chance,
  bare: DrawnTable,
  before: readonly DrawnTable[],
  many: number,
  isWanted: (feature: Feature) => boolean,
): DrawnTable {
  const fitting = FEATURES.filter((feature) => isWanted(feature) && feature.fits?.(bare) !== false);
  const uses: FeatureUse[] = [];
  for (let place = 0; place < many; place += 1) {
    const use = drawUse(chance, fitting, bare, before, bare.uses.length + place);
    if (use !== undefined) uses.push(use);
  }
  return { ...bare, uses: [...bare.uses, ...uses] };
}

function drawUse(
  chance: Chance,
  fitting: readonly Feature[],
  bare: DrawnTable,
  before: readonly DrawnTable[],
  place: number,
): FeatureUse | undefined {
  const possible = fitting.filter(
    ({ involves }) => involves === undefined || before.some((other) => involves(bare, other)),
  );
  const feature = chance.weighed(possible);
  if (feature === undefined) return undefined;
  const use = { id: bare.id * 100 + place, feature: feature.name, seed: chance.below(2 ** 30) };
  const others = before.filter((other) => feature.involves?.(bare, other) === true);
  const other = others[chance.below(others.length)];
  return other === undefined ? use : { ...use, other: other.id };
}

/** One thing more, that Citus or the program refuses. */
function withRefused(chance: Chance, tables: readonly DrawnTable[]): DrawnTable[] {
  const place = chance.below(tables.length);
  return tables.map((table, index) => {
    if (index !== place) return table;
    if (chance.is(0.5) && table.partitions !== 'none') return { ...table, partitions: 'two levels' };
    return drawUses(chance, table, tables.slice(0, index), 1, (feature) => feature.refused?.(table) === true);
  });
}
