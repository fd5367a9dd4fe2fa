import type { TableName } from '../../../config/workload/distribution-types';
import { allOf } from '../../../config/text/text';
import type { DefaultSequence } from '../model/live';
import { showTable } from '../model/names';
import type { ConvertedAlong } from '../target/recreated';
import type { TargetState } from '../target/target-state';
import { finding } from './findings';
import type { Finding } from './findings';

type Use = DefaultSequence['uses'][number];

/** The integer types that a sequence can have, by what their values lie between. */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Citus gives a sequence the type of the columns that draw from it: they must agree on one, and it must fit. Pure. */
export function sequenceFailures(target: TargetState, takenAlong: ConvertedAlong): string[] {
  return target.live.defaultSequences.flatMap((each) => {
    const { sequence, uses } = each;
    const entering = uses.filter(
      ({ table, known }) => !known && (target.entersCitus(table) || takenAlong(table) !== undefined),
    );
    if (entering.length === 0) return [];
    const matters = [...uses.filter(({ known }) => known), ...entering];
    if (new Set(matters.map(({ type }) => type)).size > 1) {
      return [
        `sequence ${showTable(sequence)} gives ${allOf(matters.map(described))} their defaults, and Citus takes one type to a sequence: ` +
          'give the columns one type, or a sequence each',
      ];
    }
    return entering.slice(0, 1).flatMap((use) => tooNarrow(each, use));
  });
}

function tooNarrow({ sequence, type, min, max, last }: DefaultSequence, use: Use): string[] {
  const range = RANGES[use.type];
  if (range === undefined || type === use.type) return [];
  const [lowest, highest] = range;
  // A bound that is the type's own becomes that of the new type.
  const bounds = [min, max].filter((value) => !RANGES[type]?.includes(BigInt(value)));
  const outside = [...bounds, ...(last === null ? [] : [last])].find(
    (value) => BigInt(value) < lowest || BigInt(value) > highest,
  );
  if (outside === undefined) return [];
  return [
    `sequence ${showTable(sequence)} gives ${described(use)} its default, Citus makes the sequence ${use.type} as well, and ${outside} ` +
      `${bounds.includes(outside) ? 'is a bound of it' : 'is where it stands'}: make the column ${type}, or give it a sequence of its own`,
  ];
}

/**
 * Sequences that give fewer values once Citus has given them the type of a column. Pure.
 *
 * @param enters whether a plan makes the table one that Citus knows
 */
export function narrowedSequences(
  sequences: readonly DefaultSequence[],
  enters: (table: TableName) => boolean,
): Finding[] {
  return sequences.flatMap((each) => {
    const { sequence, type, uses } = each;
    const use = uses.find(({ table, known }) => !known && enters(table));
    if (use === undefined || !isNarrower(use.type, type)) return [];
    const { end, isKept } = endOf(each, use);
    const others = isKept ? [] : uses.filter((other) => isNarrower(use.type, other.type));
    const name = showTable(sequence);
    return [
      finding(
        'sequence-narrows',
        name,
        `sequence ${name} is ${type}, and Citus makes it ${use.type}, as ${described(use)} is, which draws from it: it ends at ${end}` +
          (others.length === 0
            ? ''
            : `, for ${allOf(others.map(described))} too. Give each a sequence of its own`),
        others.length === 0 ? 'none' : 'allowance',
      ),
    ];
  });
}

/** Where a sequence ends once it has the type of a column: a bound that is its type's own becomes that of the new type. */
function endOf(
  { type, min, max }: DefaultSequence,
  use: Use,
): { readonly end: string; readonly isKept: boolean } {
  const [own, next] = [RANGES[type], RANGES[use.type]];
  if (BigInt(max) === own?.[1]) return { end: String(next?.[1]), isKept: false };
  if (BigInt(min) === own?.[0]) return { end: String(next?.[0]), isKept: false };
  return { end: `${max}, as before`, isKept: true };
}

function isNarrower(one: string, other: string): boolean {
  const [mine, its] = [RANGES[one], RANGES[other]];
  return mine !== undefined && its !== undefined && mine[1] < its[1];
}

function described({ table, column, type }: Use): string {
  return `${showTable(table)}.${column} (${type})`;
}
