import type { Distribution } from '../../../config/workload/distribution-types';
import { tableKey } from '../../../config/workload/identifiers';
import { nodeName } from '../../citus/nodes';
import type { LiveDatabase, LiveTable } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import { isOnlineCopy } from '../../database/model/step';
import type { TablesStep } from '../../database/model/step';
import { StepEffects } from '../../database/target/step-effects';
import { groupBy } from '../../lib/group-by';
import { bytes as asBytes } from '../../lib/reporter';
import { WHERE_TO_LOOK } from '../../citus/free-disk';

/** What a run needs of the nodes' disks. */
export interface DiskNeed {
  /** Bytes that each node, as `name:port`, holds at the peak of the run beyond what it holds now. */
  readonly nodes: readonly { readonly node: string; readonly bytes: number }[];
  /** Tables that are copied and of which no size is known: they are not counted. */
  readonly unknown: readonly string[];
}

/**
 * Copies stand beside their originals: those of plain tables until the last steps of the run, the others until the end of their own step. A
 * node gets as many shards as the fullest one. Undefined where no step copies rows. Pure.
 *
 * @param bytes of each table by its oid, indexes and partitions included
 */
export function diskNeed(
  steps: readonly TablesStep[],
  { shardCount }: Pick<Distribution, 'shardCount'>,
  live: Pick<LiveDatabase, 'nodes' | 'tables' | 'views'>,
  bytes: ReadonlyMap<number, number>,
): DiskNeed | undefined {
  const effects = new StepEffects(live, steps);
  const copied = live.tables.filter((table) => effects.copiesOf(table).length > 0);
  if (copied.length === 0) return undefined;
  const disks = new Disks(live.nodes, shardCount);
  const states = new Map(copied.map((table) => [table, table.citus.kind]));
  const sizeOf = ({ oid }: LiveTable): number => bytes.get(oid) ?? 0;
  const stateOf = (table: LiveTable): Kind => states.get(table) ?? 'plain';
  const pairs = copied.flatMap((table) => effects.copiesOf(table).map((step) => ({ step, table })));
  const byStep = groupBy(pairs, ({ step }) => step);
  const byKey = new Map(copied.map((table) => [tableKey(table.table), table]));
  const views = new Map(
    effects.recreated.map(({ step, tables }) => [step, bytesOfViews(live, new Set(tables.map(tableKey)))]),
  );
  for (const step of steps) {
    const own = (byStep.get(step) ?? []).map(({ table }) => table);
    const refilled = views.get(step) ?? 0;
    disks.coordinator(refilled);
    for (const table of own) disks.add(kindAfter(step, stateOf(table)), sizeOf(table));
    // Now Citus drops what it recreated. The rows of a plain table stay where they are, unless they were copied online.
    disks.coordinator(-refilled);
    for (const table of own) {
      const was = stateOf(table);
      if (was !== 'plain' || isOnlineCopy(step)) disks.add(was, -sizeOf(table));
      states.set(table, kindAfter(step, was));
    }
    const truncated =
      step.action === 'truncate-local-copy' && step.target.kind === 'table' ? step.target : undefined;
    const left = truncated === undefined ? undefined : byKey.get(tableKey(truncated));
    if (left !== undefined) disks.coordinator(-sizeOf(left));
  }
  const unknown = copied.filter(({ oid }) => !bytes.has(oid)).map(({ table }) => showTable(table));
  return { nodes: disks.peaks(), unknown };
}

/** Materialized views are filled again before the old ones go. */
function bytesOfViews({ views }: Pick<LiveDatabase, 'views'>, keys: ReadonlySet<string>): number {
  return views
    .filter(({ tables }) => tables.some((table) => keys.has(tableKey(table))))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

type Kind = LiveTable['citus']['kind'];

function kindAfter({ action }: TablesStep, was: Kind): Kind {
  if (action === 'create-reference-table') return 'reference';
  if (action === 'distribute' || action === 'alter-distribution') return 'distributed';
  if (action === 'distribute-schema') return 'schema';
  return action === 'undistribute' || action === 'undistribute-schema' ? 'plain' : was;
}

/** What the nodes hold more than at the beginning, now and at most. */
class Disks {
  private readonly disks: readonly {
    readonly node: string;
    readonly isCoordinator: boolean;
    readonly shards: boolean;
    now: number;
    most: number;
  }[];
  private readonly shardCount: number;

  constructor(nodes: LiveDatabase['nodes'], shardCount: number) {
    const anyShards = nodes.some((node) => node.shouldHaveShards);
    this.disks = nodes.map(({ groupId, shouldHaveShards, ...node }) => ({
      node: nodeName(node),
      isCoordinator: groupId === 0,
      shards: shouldHaveShards || (!anyShards && groupId === 0),
      now: 0,
      most: 0,
    }));
    this.shardCount = shardCount;
  }

  add(kind: Kind, bytes: number): void {
    const holders = this.disks.filter(({ shards }) => shards).length;
    const share = Math.ceil(this.shardCount / Math.max(1, holders)) / this.shardCount;
    for (const disk of this.disks) {
      if (kind === 'reference') change(disk, bytes);
      else if (kind === 'distributed' && disk.shards) change(disk, bytes * share);
      // Citus chooses the node of a schema.
      else if (kind === 'schema' && disk.shards) change(disk, bytes > 0 ? bytes : 0);
      else if ((kind === 'plain' || kind === 'local') && disk.isCoordinator) change(disk, bytes);
    }
  }

  coordinator(bytes: number): void {
    this.add('plain', bytes);
  }

  peaks(): DiskNeed['nodes'] {
    return this.disks.map(({ node, most }) => ({ node, bytes: Math.ceil(most) }));
  }
}

function change(disk: { now: number; most: number }, bytes: number): void {
  disk.now += bytes;
  disk.most = Math.max(disk.most, disk.now);
}

/** One line for people. Pure. */
export function describeDisk({ nodes, unknown }: DiskNeed): string {
  const each = nodes.map(({ node, bytes }) => `${node} ${asBytes(bytes)}`);
  const uncounted =
    unknown.length === 0 ? '' : ` Not counted, since a shard did not answer: ${unknown.join(', ')}.`;
  return `Disk at the peak of the run, beyond what each node holds now: ${each.join(', ')}.${uncounted} ${WHERE_TO_LOOK}`;
}
