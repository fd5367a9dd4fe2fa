import {
  NODE_LIMITS,
  STORAGE_IOPS,
  WORKER_COUNT,
  WORKER_MEMORY_GIB,
} from '../../config/azure/service-limits';
import { connectionLimit } from '../../config/azure/alert-thresholds';
import { oneOf, someOf } from '../../config/text/text';
import type { Advice, QueryAdvice, TableAdvice } from './advice-document';
import { percent } from './advice-model';
import type { Change } from './changes';
import { sharesByRoute } from './choice';
import { LARGE_SHARE } from './limits';

/** How much work it is, the least first. */
export const LEVELS = ['low', 'medium', 'high'] as const;
export type Level = (typeof LEVELS)[number];

/** What a change asks of people, by its kind; `low` is one statement or what `tables apply` does. */
export const EFFORT: Readonly<Record<Change['kind'], { readonly level: Level; readonly what: string }>> = {
  'primary-key': { level: 'low', what: '`tables apply` builds the key' },
  'no-identity': { level: 'low', what: 'a primary key or a replica identity' },
  nulls: { level: 'medium', what: 'rows to fill in, then NOT NULL' },
  fault: { level: 'medium', what: 'a change of the schema' },
  replication: { level: 'medium', what: 'a change of what reads the changes' },
  'add-column': { level: 'high', what: 'a column, its foreign keys, and every INSERT of the application' },
};

/** Tables to give a column, and other changes that come first, from which on the work is large. */
const MANY_COLUMNS = 10;
const MANY_CHANGES = 25;
const NAMED = 8;
const GIB = 1024 ** 3;
/** Share of a disk that stays free: a move needs room at its target, and so do logs and vacuums. */
const FREE_SHARE = 0.3;
/** Numbers of workers that are worth a line. */
const WORKERS = [2, 3, 4, 6, 8, 12, 16, WORKER_COUNT.most] as const;

/** What production is to bear, beside what the database tells. */
export interface Demand {
  /** How many times its data of today the cluster is to hold. */
  readonly growth: number;
  /** Clients connected at once. */
  readonly connections?: number | undefined;
  /** I/O operations a second at the busiest. */
  readonly iops?: number | undefined;
}

/** What a manager asks of a database before it is distributed: how hard, what for, and on what. */
export interface Assessment {
  readonly formatVersion: 1;
  readonly database: string;
  readonly complexity: Level;
  /** What makes it so, the gravest first. */
  readonly because: readonly { readonly level: Level; readonly text: string }[];
  readonly tables: readonly {
    readonly decision: TableAdvice['decision'];
    readonly count: number;
    readonly bytes: number;
  }[];
  /** Queries that Citus does not run as they are, or not well. */
  readonly unsupported: readonly QueryAdvice[];
  /** Shares of the workload, 0 to 1, by where its queries go; absent where no workload is known. */
  readonly workload?: Readonly<Record<QueryAdvice['route'], number>>;
  readonly changes: readonly (Change & { readonly effort: Level })[];
  readonly demand: Demand;
  /** Clusters that hold it; empty where none of the service's does. */
  readonly clusters: readonly ClusterSize[];
  readonly caveats: readonly string[];
}

/** Workers that hold a database, each of the smallest storage and vCores that do. */
export interface ClusterSize {
  readonly workers: number;
  readonly storageGiB: number;
  readonly vCores: number;
  /** Share of each disk that the grown data takes, 0 to 1. */
  readonly used: number;
  /** Of all workers, operations a second. */
  readonly iops: number;
  /** Share of the grown data that the workers' memory holds, 0 to 1 or more. */
  readonly inMemory: number;
}

/** Sums up advice for somebody who decides about it. Pure. */
export function assess(advice: Advice, demand: Demand): Assessment {
  const because = reasons(advice).sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
  const decisions = ['distribute', 'reference', 'local', 'undecided'] as const;
  return {
    formatVersion: 1,
    database: advice.database,
    complexity: because[0]?.level ?? 'low',
    because,
    tables: decisions.flatMap((decision) => {
      const these = advice.tables.filter((each) => each.decision === decision);
      const wholes = decision === 'distribute' ? advice.schemas : [];
      const count =
        these.length + wholes.reduce((sum, { schemas, tables }) => sum + schemas.length * tables.length, 0);
      return count === 0 ? [] : [{ decision, count, bytes: sizeOf(these) + sizeOf(wholes) }];
    }),
    unsupported: advice.queries.filter(({ route }) => route === 'refused' || route === 'repartition'),
    ...(advice.queries.length === 0 ? {} : { workload: sharesByRoute(advice.queries) }),
    changes: advice.changes.map((change) => ({ ...change, effort: EFFORT[change.kind].level })),
    demand,
    clusters: clustersFor(advice, demand),
    caveats: advice.caveats,
  };
}

function sizeOf(items: readonly { readonly bytes: number }[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}

function reasons({ tables, changes, queries, choices, schemas }: Advice): Assessment['because'][number][] {
  const found: Assessment['because'][number][] = [];
  const say = (level: Level, text: string): void => {
    found.push({ level, text });
  };
  const all = sizeOf(tables) + sizeOf(schemas);
  const undecided = tables.filter(({ decision }) => decision === 'undecided');
  if (undecided.length > 0) {
    const share = all === 0 ? 0 : sizeOf(undecided) / all;
    say(
      share >= LARGE_SHARE ? 'high' : 'medium',
      `nothing says how to distribute ${names(undecided)}, with ${percent(share)} of the bytes`,
    );
  }
  const lacking = changes.filter(({ kind }) => kind === 'add-column');
  if (lacking.length > 0) {
    const level = lacking.length > MANY_COLUMNS ? 'high' : 'medium';
    say(level, `${counted(lacking.length, 'table')} to give the distribution column`);
  }
  const others = changes.filter(({ kind, blocking }) => blocking && kind !== 'add-column');
  if (others.length > 0) {
    const level = others.length > MANY_CHANGES ? 'high' : 'medium';
    say(level, `${counted(others.length, 'other change')} before anything can be distributed`);
  }
  const routed = sharesByRoute(queries);
  if (routed.refused > 0) {
    const level = routed.refused > LARGE_SHARE ? 'high' : 'medium';
    say(level, `Citus refuses ${percent(routed.refused)} of the workload as it is written`);
  }
  if (routed.repartition > 0) {
    say('medium', `${percent(routed.repartition)} of the workload joins by other columns than shards lie by`);
  }
  if (routed['all-shards'] > routed['one-shard'] && queries.length > 0) {
    say(
      'medium',
      `more of the workload asks every shard (${percent(routed['all-shards'])}) than one of them`,
    );
  }
  if (choices.every(({ chosen }) => chosen === undefined) && schemas.length === 0 && choices.length > 0) {
    say('high', 'no column comes into question as a tenant');
  }
  return found;
}

function names(tables: readonly TableAdvice[]): string {
  return someOf(
    tables.map(({ table }) => table),
    NAMED,
  );
}

function counted(count: number, word: string): string {
  return `${String(count)} ${word}${count === 1 ? '' : 's'}`;
}

/**
 * Each worker holds its part of what is distributed and the whole of every reference table, with 30 % of its disk free. Its disk takes
 * its part of the operations, and each node its clients: sessions of clients come through the coordinator, and each may open one to
 * every worker.
 */
function clustersFor(
  { tables, schemas }: Advice,
  { growth, connections = 0, iops = 0 }: Demand,
): ClusterSize[] {
  const bytesOf = (decision: TableAdvice['decision']): number =>
    sizeOf(tables.filter((each) => each.decision === decision)) * growth;
  const spread = bytesOf('distribute') + bytesOf('undecided') + sizeOf(schemas) * growth;
  const everywhere = bytesOf('reference');
  return WORKERS.flatMap((workers): ClusterSize[] => {
    const held = spread / workers + everywhere;
    const storageGiB = NODE_LIMITS.worker.storageGiB.find(
      (size) => held <= size * GIB * (1 - FREE_SHARE) && iops / workers <= STORAGE_IOPS[size],
    );
    const vCores = NODE_LIMITS.worker.vCores.find((cores) => connections <= connectionLimit(cores, false));
    if (storageGiB === undefined || vCores === undefined) return [];
    const memory = vCores * WORKER_MEMORY_GIB * GIB;
    return [
      {
        workers,
        storageGiB,
        vCores,
        used: held / (storageGiB * GIB),
        iops: workers * STORAGE_IOPS[storageGiB],
        inMemory: held === 0 ? 1 : memory / held,
      },
    ];
  });
}

/** Why no cluster of the service is large enough. */
export function noCluster({ connections = 0 }: Demand): string {
  const most = connectionLimit(Math.max(...NODE_LIMITS.worker.vCores), false);
  return connections > most
    ? `No node takes ${String(connections)} clients at once: the service allows ${String(most)} on the largest. Put a pool of connections before it.`
    : `No cluster of ${oneOf([WORKER_COUNT.most])} workers or fewer holds that much with ${percent(FREE_SHARE)} of each disk free.`;
}
