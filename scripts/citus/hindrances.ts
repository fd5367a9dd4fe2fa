import type { Client } from 'pg';
import { z } from 'zod';
import {
  LONG_PREPARED,
  LONG_TRANSACTIONS,
  OPERATION_OBJECTS,
  RECORDED_LEFTOVERS,
  STRAY_SHARDS,
} from './hindrances.sql';
import { readRows } from './rows';

const longTransaction = z.object({
  pid: z.number(),
  role: z.string().nullable(),
  application: z.string().nullable(),
  state: z.string().nullable(),
  /** It is of this database. */
  here: z.boolean(),
  /** Since it began. */
  seconds: z.number(),
  /** It has an id of its own, which it gets when it writes on this server. */
  wrote: z.boolean(),
  /** It read (1) or wrote (2) distributed tables of this database; null where neither. */
  level: z.number().nullable(),
});

const longPrepared = z.object({
  gid: z.string(),
  role: z.string(),
  here: z.boolean(),
  seconds: z.number(),
});

const operationObject = z.object({
  kind: z.enum(['slot', 'publication', 'subscription']),
  name: z.string(),
  /** The number of the operation that made it, or whatever its name ends in. */
  operation: z.string(),
});

export const strayShard = z.object({
  shardId: z.number(),
  /** The distributed table, as `regclass` writes it. */
  table: z.string(),
  /** Of the table on the node, in SQL. */
  name: z.string(),
});

/** A table on a node with the name of a shard that Citus has elsewhere. */
export type StrayShard = Readonly<z.infer<typeof strayShard>>;

/** What a node says of {@link HINDRANCES}. */
export const nodeHindrances = z.object({
  transactions: z.array(longTransaction),
  prepared: z.array(longPrepared),
  objects: z.array(operationObject),
  strays: z.array(strayShard),
});

/** What is on a node that a move may have to wait for, or that an earlier one left there. */
export type NodeHindrances = Readonly<z.infer<typeof nodeHindrances>>;

/** One value of JSON, the {@link nodeHindrances} of a node. */
export const HINDRANCES = `
SELECT json_build_object('transactions', (${LONG_TRANSACTIONS}), 'prepared', (${LONG_PREPARED}), 'objects', (${OPERATION_OBJECTS}), 'strays', (${STRAY_SHARDS}))`;

const recordedLeftover = z.object({
  name: z.string(),
  groupId: z.number(),
  operation: z.string(),
  kind: z.string(),
  /** A session is at work on the operation, and removes it in the end. */
  atWork: z.boolean(),
});

/** An object that Citus wrote down to remove. */
export type RecordedLeftover = Readonly<z.infer<typeof recordedLeftover>>;

/** What operations wrote down to remove, on every node. */
export async function readRecordedLeftovers(client: Client): Promise<RecordedLeftover[]> {
  return readRows(client, recordedLeftover, RECORDED_LEFTOVERS);
}
