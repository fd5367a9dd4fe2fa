/**
 * When somebody is told that a node of the cluster is in trouble, as data in one place. The thresholds are ours: the
 * service publishes metrics and no advice. They are averages over a quarter of an hour or more, so that a nightly
 * export, a rebalance or a vacuum passes unnoticed and only what lasts is told.
 *
 * Metrics are those of Microsoft.DBForPostgreSQL/serverGroupsv2, per node and minute. There is none of the cluster as a
 * whole, and an average over nodes would hide the one hot node.
 */
import type { z } from 'zod';
import { numberBetween, strictShape } from '../file/schema-types';

/** Azure Monitor's levels; 0 is critical, and nothing here is: a node that is down is the platform's to restart. */
export const SEVERITIES = { error: 1, warning: 2, informational: 3 } as const;

export interface AlertRule {
  /** The service's name for the metric. */
  readonly metric: string;
  /** What the average over the window must exceed, in the unit that the name of the threshold ends in. */
  readonly threshold: number;
  readonly least: number;
  readonly most: number;
  readonly severity: keyof typeof SEVERITIES;
  /** Length of the window, as Azure writes durations. */
  readonly window: 'PT15M' | 'PT30M' | 'PT1H';
  /** What it means and what to do, for the one who reads the alert. */
  readonly description: string;
}

export const ALERT_RULES = {
  storagePercent: {
    metric: 'storage_percent',
    // A full node turns read-only. Storage is grown by hand and within minutes, so the last 15 % are time to act.
    threshold: 85,
    least: 1,
    most: 99,
    severity: 'error',
    window: 'PT15M',
    description:
      'A node is running out of storage; a full node turns read-only. Grow the storage (it never shrinks), add workers and rebalance, or delete data.',
  },
  cpuPercent: {
    metric: 'cpu_percent',
    // Busy is what nodes are for; half an hour at this level means that queries wait for each other.
    threshold: 90,
    least: 1,
    most: 99,
    severity: 'warning',
    window: 'PT30M',
    description:
      'A node has had no CPU to spare for half an hour. One node alone: look for a hot shard or a skewed distribution column. All of them: more vCores or more workers.',
  },
  memoryPercent: {
    metric: 'memory_percent',
    // Close to the limit the kernel kills a backend, and PostgreSQL then restarts all of them.
    threshold: 90,
    least: 1,
    most: 99,
    severity: 'warning',
    window: 'PT30M',
    description:
      'A node is short of memory, and may end all its connections at once. Look for queries with large sorts or hashes and for idle connections, or use more vCores, which bring memory.',
  },
  connectionsPercent: {
    metric: 'active_connections',
    // Of what the node allows: beyond it, connecting fails, for people who come to repair things too.
    threshold: 80,
    least: 1,
    most: 99,
    severity: 'warning',
    window: 'PT15M',
    description:
      'A node is close to the connections it allows, beyond which connecting fails. Pool connections, or use more vCores where they raise the limit.',
  },
  replicationLagSeconds: {
    metric: 'replication_lag',
    // Readers of a replica expect seconds; minutes that last mean that it does not catch up.
    threshold: 300,
    least: 1,
    most: 86_400,
    severity: 'warning',
    window: 'PT15M',
    description:
      'A node of the read replica is minutes behind its source. Look for long queries on the replica and for a burst of writes on the source.',
  },
} as const satisfies Record<string, AlertRule>;

export type AlertThresholdName = keyof typeof ALERT_RULES;

const threshold = (name: AlertThresholdName): z.ZodExactOptional<z.ZodNumber> => {
  const { metric, threshold: usual, least, most } = ALERT_RULES[name];
  return numberBetween(least, most)
    .exactOptional()
    .describe(`Above what ${metric} of a node is told; absent, ${String(usual)}.`);
};

/** Thresholds other than the usual ones. Connections are in percent of what a node allows. */
export const alertThresholds = strictShape(
  {
    storagePercent: threshold('storagePercent'),
    cpuPercent: threshold('cpuPercent'),
    memoryPercent: threshold('memoryPercent'),
    connectionsPercent: threshold('connectionsPercent'),
    replicationLagSeconds: threshold('replicationLagSeconds'),
  },
  'thresholds, as in { storagePercent: 80 }',
);
export type AlertThresholds = Readonly<Partial<Record<AlertThresholdName, number>>>;

/** Client connections a node allows. Source: the service's limits; they change without notice. */
const CONNECTION_LIMITS = [
  { vCoresFrom: 16, connections: 1000 },
  { vCoresFrom: 4, connections: 500 },
  { vCoresFrom: 0, connections: 300 },
] as const;
const BURSTABLE_CONNECTION_LIMITS = { 1: 20, 2: 40 } as const;

/** How many client connections a node allows; where its vCores are unknown, what the smallest of its kind does. */
export function connectionLimit(vCores: number, burstable: boolean): number {
  if (burstable) return BURSTABLE_CONNECTION_LIMITS[vCores === 2 ? 2 : 1];
  return CONNECTION_LIMITS.find(({ vCoresFrom }) => vCores >= vCoresFrom)?.connections ?? 300;
}
