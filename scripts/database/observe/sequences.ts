import type { Client } from 'pg';
import { escapeLiteral } from 'pg';
import { z } from 'zod';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import { showTable, sqlTable } from '../model/names';
import { SEQUENCES } from './sequences.sql';

/** Where a sequence stands that a column draws from, on the coordinator. */
export interface SequencePosition {
  readonly table: TableName;
  readonly column: string;
  /** Its name now: Citus makes the sequence of an identity column anew. */
  readonly sequence: TableName;
  /** GENERATED AS IDENTITY, OWNED BY the column as serial makes it, or used by the column's default alone. */
  readonly how: 'identity' | 'owned' | 'used';
  /** The value it gives next, in decimal; null where this role may not read it. */
  readonly next: string | null;
  /** Counts down, as a negative increment makes it. */
  readonly down: boolean;
  readonly cycle: boolean;
  /** How many values it gives until it comes round, in decimal; of those that cycle. */
  readonly left?: string | undefined;
}

export const sequencePositionSchema: z.ZodType<SequencePosition> = z.object({
  table: z.object({ schema: z.string(), name: z.string() }),
  column: z.string(),
  sequence: z.object({ schema: z.string(), name: z.string() }),
  how: z.enum(['identity', 'owned', 'used']),
  next: z.string().nullable(),
  down: z.boolean(),
  cycle: z.boolean(),
  left: z.string().optional(),
});

/** What a sequence is beside where it stands. */
export interface SequenceSubject {
  /** The oid of the table, for a partition of its parent. */
  readonly oid: number;
  readonly subject: string;
  readonly definition: string;
}

export interface Sequences {
  readonly positions: readonly SequencePosition[];
  readonly subjects: readonly SequenceSubject[];
}

/** Values that nobody draws between two looks. */
const FAR = 10n ** 9n;

/** Sequences that are read with one query. */
const AT_ONCE = 500;

/** @param oids of tables */
export async function readSequences(client: Client, oids: readonly number[]): Promise<Sequences> {
  const { rows } = await client.query<SequenceRow>(SEQUENCES, [oids]);
  const increments = new Map(rows.map(({ sequence, increment }) => [sqlTable(sequence), increment]));
  const readable = [...new Set(rows.filter((row) => row.readable).map(({ sequence }) => sqlTable(sequence)))];
  const next = new Map<string, string>();
  for (let from = 0; from < readable.length; from += AT_ONCE) {
    const parts = readable.slice(from, from + AT_ONCE).map(positionOf);
    const read = await client.query<PositionRow>(parts.join(' UNION ALL '));
    for (const { sequence, last, called } of read.rows) {
      next.set(sequence, String(BigInt(last) + (called ? BigInt(increments.get(sequence) ?? '1') : 0n)));
    }
  }
  return {
    positions: rows.map((row) => positionIn(row, next.get(sqlTable(row.sequence)) ?? null)),
    subjects: rows.flatMap(subjectsOf),
  };
}

function positionIn(row: SequenceRow, next: string | null): SequencePosition {
  const { table, column, sequence, how, increment, cycle, last } = row;
  const down = increment.startsWith('-');
  const left = cycle && next !== null ? (BigInt(last) - BigInt(next)) / BigInt(increment) + 1n : undefined;
  return {
    table,
    column,
    sequence,
    how,
    next,
    down,
    cycle,
    ...(left === undefined ? {} : { left: String(left) }),
  };
}

function positionOf(sequence: string): string {
  return `SELECT ${escapeLiteral(sequence)} AS sequence, last_value::text AS last, is_called AS called FROM ${sequence}`;
}

function subjectsOf(row: SequenceRow): SequenceSubject[] {
  const { root: oid, settings, owner, grants, comment } = row;
  const what = describeSequence(row);
  return [
    { oid, subject: `settings of ${what}`, definition: settings },
    { oid, subject: `owner of ${what}`, definition: owner },
    { oid, subject: `grants on ${what}`, definition: grants ?? '' },
    ...(comment === null ? [] : [{ oid, subject: `comment on ${what}`, definition: comment }]),
  ];
}

/** `the identity of column id`, whatever its name is by now, or `sequence events_id_seq of column id` */
export function describeSequence({
  how,
  column,
  sequence,
}: Pick<SequencePosition, 'how' | 'column' | 'sequence'>): string {
  return how === 'identity'
    ? `the identity of column ${column}`
    : `sequence ${showTable(sequence)} of column ${column}`;
}

/** A sequence, then and now. */
export interface SequenceCompared {
  readonly table: string;
  readonly column: string;
  /** As {@link describeSequence} names it. */
  readonly sequence: string;
  /** Whether it gives no value again; null where there is nothing to compare, and `detail` says why. */
  readonly same: boolean | null;
  readonly detail: string;
}

/** Writers draw values meanwhile, so a sequence may be ahead of where it was, and never behind. Pure. */
export function compareSequences(
  before: readonly SequencePosition[],
  now: readonly SequencePosition[],
): SequenceCompared[] {
  const found = new Map(now.map((each) => [sequenceKey(each), each]));
  return before.map((was) => ({
    table: showTable(was.table),
    column: was.column,
    sequence: describeSequence(was),
    ...comparePosition(was, found.get(sequenceKey(was))),
  }));
}

function sequenceKey(position: SequencePosition): string {
  return `${tableKey(position.table)} ${describeSequence(position)}`;
}

function comparePosition(
  was: SequencePosition,
  is: SequencePosition | undefined,
): Pick<SequenceCompared, 'same' | 'detail'> {
  if (is === undefined) return { same: false, detail: 'is gone' };
  if (was.next === null || is.next === null) {
    return { same: null, detail: 'not compared: this role may not read it, which takes GRANT SELECT' };
  }
  const behind = was.down ? BigInt(is.next) > BigInt(was.next) : BigInt(is.next) < BigInt(was.next);
  if (!behind) return { same: true, detail: `goes on from ${is.next}, and was to from ${was.next} before` };
  if (was.cycle && BigInt(was.left ?? 0) < FAR) {
    return {
      same: null,
      detail: `goes on from ${is.next}, and was to from ${was.next} before: it cycles, so it may have come round`,
    };
  }
  return {
    same: false,
    detail:
      `was set back: its next value was ${was.next}, and is ${is.next} now, so it gives values again that it gave before. ` +
      `Set it with SELECT setval(${escapeLiteral(sqlTable(is.sequence))}, ${was.next}, false)`,
  };
}

interface SequenceRow extends Pick<SequencePosition, 'table' | 'column' | 'sequence' | 'how' | 'cycle'> {
  readonly root: number;
  readonly increment: string;
  /** The value after which it comes round. */
  readonly last: string;
  readonly readable: boolean;
  readonly settings: string;
  readonly owner: string;
  readonly grants: string | null;
  readonly comment: string | null;
}

interface PositionRow {
  readonly sequence: string;
  readonly last: string;
  readonly called: boolean;
}
