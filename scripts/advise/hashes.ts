import type { Client } from 'pg';
import { tableKey } from '../../config/workload/identifiers';
import type { TableName } from '../../config/workload/distribution-types';
import { isServerError } from '../lib/errors';
import { readHashedType } from '../simulate/source';
import { hashValues } from '../simulate/rows.sql';
import type { Condition, Operand } from '../database/forecast/condition';
import type { QueryShape } from '../database/forecast/shape';

/** Values looked at of one column; a list that is longer goes to every shard anyhow. */
const MOST_VALUES = 10_000;

/** What is known of a column that queries hold to constants. */
export interface HashedColumn {
  /** The constants' hashes, signed 32-bit integers, by their text. */
  readonly hashes: ReadonlyMap<string, number>;
  /** Types a comparison turns its values into without changing them. */
  readonly plainCasts: readonly string[];
}

/** By {@link columnKey}. */
export type KnownHashes = ReadonlyMap<string, HashedColumn>;

export function columnKey(table: TableName, column: string): string {
  return JSON.stringify([tableKey(table), column]);
}

/** Has PostgreSQL hash the constants of queries, by the functions Citus takes; what cannot be hashed is left out. */
export async function hashConstants(client: Client, shapes: readonly QueryShape[]): Promise<KnownHashes> {
  const columns = new Map<string, HashedColumn>();
  for (const { table, column, texts } of constantsOf(shapes)) {
    const type = await readHashedType(client, table, column);
    if (type === undefined) continue;
    let hashes = new Map<string, number>();
    try {
      const values = [...texts].slice(0, MOST_VALUES);
      const { rows } = await client.query<{ value: string; hash: number }>(hashValues(type), [values]);
      hashes = new Map(rows.map(({ value, hash }) => [value, hash]));
    } catch (error) {
      // One of them is no value of the type, as 3000000000 of integer: then the query says so, and none is needed.
      if (!isServerError(error)) throw error;
    }
    columns.set(columnKey(table, column), { hashes, plainCasts: type.plainCasts });
  }
  return columns;
}

interface Constants {
  readonly table: TableName;
  readonly column: string;
  readonly texts: Set<string>;
}

function constantsOf(shapes: readonly QueryShape[]): Constants[] {
  const found = new Map<string, Constants>();
  for (const { relations, conditions } of shapes) {
    const tables = new Map(relations.map(({ alias, table }) => [alias, table]));
    const note = (operand: Operand, values: readonly string[]): void => {
      const table = operand.kind === 'column' ? tables.get(operand.alias) : undefined;
      if (operand.kind !== 'column' || table === undefined) return;
      const key = columnKey(table, operand.column);
      const constants = found.get(key) ?? { table, column: operand.column, texts: new Set() };
      found.set(key, constants);
      // Parameters have no value yet.
      for (const text of values) if (!/^\$\d+$/.test(text)) constants.texts.add(text);
    };
    const look = (condition: Condition): void => {
      if (condition.kind === 'and' || condition.kind === 'or') condition.of.forEach(look);
      else if (condition.kind === 'any') note(condition.left, condition.values ?? []);
      else if (condition.kind === 'equal') {
        const { left, right } = condition;
        if (right.kind === 'value') note(left, [right.text]);
        if (left.kind === 'value') note(right, [left.text]);
      }
    };
    conditions.forEach(look);
  }
  return [...found.values()].filter(({ texts }) => texts.size > 0);
}
