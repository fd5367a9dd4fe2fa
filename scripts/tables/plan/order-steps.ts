import { groupBy } from '../../lib/group-by';
import { tableKey } from '../../../config/workload/identifiers';
import type { TableName } from '../../../config/workload/distribution-types';
import type { TargetState } from '../../database/target/target-state';
import type { CopyMode } from '../../database/target/copy-mode';
import { canReturn } from '../../database/target/foreign-keys';
import type { LiveView } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import { sortedByEdges, orderTables } from '../../database/model/order';
import type { Edge } from '../../database/model/order';
import { viewAgainstConversion } from '../../database/checks/views';
import type { StepGroup } from './comments';
import { ConversionTracker } from '../../database/target/conversions';
import type { DistributeDifference, RestoreDifference, SchemaDifference, TablesDifference } from './diff';
import { restoreSteps } from './foreign-key-steps';
import { changeStep, convertStep, distributeStep, referenceStep } from './placement-steps';
import { inPolicyWindow } from './policy-windows';
import { distributeSchemaStep } from './schema-steps';

export interface StepOrder {
  readonly groups: readonly StepGroup[];
  /** Every foreign key that waits is back. */
  readonly allReturned: boolean;
  /** Tables of which the rows are left behind on the coordinator. */
  readonly localCopies: readonly TableName[];
}

/**
 * Brings every table to its place, reference tables first, then schemas and distributed tables; foreign keys return as soon as they
 * can. Pure.
 */
export function orderSteps(
  difference: TablesDifference,
  target: TargetState,
  edges: readonly Edge[],
): StepOrder {
  const sequence = new StepSequence(difference, target);
  sequence.restoreWhatCan(difference.restore);
  for (const table of orderTables(difference.references, edges)) sequence.addReference(table);
  sequence.endReferences();
  for (const schema of difference.schemas) sequence.addSchema(schema);
  sequence.addChanges();
  const groups = difference.distribute.flatMap(({ table, colocateWith }) =>
    colocateWith === undefined ? [] : [{ first: colocateWith, then: table, firm: true }],
  );
  const distributed = sortedByEdges(difference.distribute, [...edges, ...groups]);
  sequence.convertViewed(distributed);
  for (const wanted of distributed) sequence.addDistributed(wanted);
  sequence.addChanges();
  return sequence.result();
}

/** The steps so far, and what is where after the last of them. */
class StepSequence {
  private readonly groups: StepGroup[] = [];
  private readonly localCopies: TableName[] = [];
  private readonly arrived = new Set<string>();
  private readonly conversions: ConversionTracker;
  private readonly waiting: Set<RestoreDifference>;
  private readonly ranks: ReadonlyMap<RestoreDifference, number>;
  private readonly restoresByTable: ReadonlyMap<string, readonly RestoreDifference[]>;
  private readonly changing: Set<TablesDifference['changes'][number]>;
  private referencesToCome: boolean;
  private readonly difference: TablesDifference;
  private readonly target: TargetState;

  constructor(difference: TablesDifference, target: TargetState) {
    this.difference = difference;
    this.target = target;
    this.conversions = new ConversionTracker(
      target.live.tables,
      new Set(difference.drop.map(({ key }) => key)),
    );
    this.waiting = new Set(difference.restore);
    this.ranks = new Map(difference.restore.map((restore, rank) => [restore, rank]));
    this.restoresByTable = restoresByTable(difference.restore, target);
    this.changing = new Set(rootsFirst(difference.changes));
    this.referencesToCome = difference.references.length > 0;
  }

  addReference(table: TableName): void {
    this.noteLocalCopy(table);
    const conversions = this.conversions.becomesReference(table);
    const reference = referenceStep(table, this.target, conversions);
    this.arrive([table], {
      steps: inPolicyWindow(reference, this.target.living([table])),
      conversions,
    });
  }

  /** No reference table is to come. */
  endReferences(): void {
    if (!this.referencesToCome) return;
    this.referencesToCome = false;
    this.restoreWhatCan(this.difference.restore);
  }

  addSchema({ schema, tables }: SchemaDifference): void {
    const names = tables.map(({ table }) => table);
    names.forEach((table) => this.noteLocalCopy(table));
    this.arrive(names, {
      steps: inPolicyWindow(distributeSchemaStep(schema, tables, this.target.live), tables),
      conversions: this.conversions.becomeSchema(names),
    });
  }

  /** The changes of distributed tables whose colocation group is there. */
  addChanges(): void {
    for (const each of this.changing) {
      const { table, change } = each;
      if (change.kind === 'undistribute') continue;
      if (change.colocateWith !== undefined && !this.isThere(change.colocateWith)) continue;
      this.changing.delete(each);
      const step = changeStep(table, change, this.target, this.difference);
      this.arrive([table], {
        steps: change.kind === 'alter' ? inPolicyWindow(step, this.target.living([table])) : [step],
        // What is written on the table is written on its copy by the step itself.
        conversions: [],
      });
    }
  }

  /**
   * Materialized views are filled when their tables become Citus local tables. They join those on the coordinator then, as long as none
   * of them is distributed.
   */
  convertViewed(all: readonly DistributeDifference[]): void {
    const { views } = this.target.live;
    const joins = views.filter(({ kind, tables }) => kind === 'materialized' && tables.length > 1);
    const viewed = new Set(joins.flatMap(({ tables }) => tables).map(tableKey));
    for (const wanted of all) {
      if (viewed.has(tableKey(wanted.table)) && this.copyMode(wanted).online) this.convert(wanted.table);
    }
  }

  /** Citus converts a table as part of its online copy where nothing would be left out. */
  private convert(table: TableName): void {
    if (!this.conversions.isPlain(table)) return;
    const steps = convertStep(table, this.target);
    if (steps.length > 0) this.groups.push({ steps, conversions: this.conversions.becomesLocal(table) });
  }

  addDistributed(wanted: DistributeDifference): void {
    const { table } = wanted;
    const mode = this.copyMode(wanted);
    const live = this.target.liveTable(table);
    // Citus brings a table that is local to it back first.
    if (!mode.online && (live?.citus.kind === 'local' || live?.hasHeap === true))
      this.localCopies.push(table);
    if (mode.online) this.convert(table);
    const conversions = this.conversions.becomesDistributed(table, mode.online);
    const step = distributeStep({ ...wanted, mode }, this.target, conversions);
    this.arrive([table], { steps: inPolicyWindow(step, this.target.living([table])), conversions });
  }

  private copyMode({ table, mode }: DistributeDifference): CopyMode {
    if (!mode.online || !this.conversions.isPlain(table)) return mode;
    const isThere = (each: TableName): boolean => this.isThere(each);
    const view = viewAgainstConversion({ target: this.target, isThere }, table);
    return view === undefined ? mode : { online: false, reason: notOnTheWay(view) };
  }

  result(): StepOrder {
    return { groups: this.groups, allReturned: this.waiting.size === 0, localCopies: this.localCopies };
  }

  /**
   * Restores the foreign keys of which both tables are there. A table that Citus does not know would forget what is written on a foreign
   * key that is back before Citus converts it. So one between two such tables comes after all that may convert them.
   */
  restoreWhatCan(first: Iterable<RestoreDifference>): void {
    let candidates = this.inOrder(first);
    const between = new Set<RestoreDifference>();
    // Always the foremost of those that can: a plan made again after any step brings them back in the same order.
    for (let next = candidates.shift(); next !== undefined; next = candidates.shift()) {
      if (!this.waiting.has(next) || !canReturn(next.key, (table) => this.isThere(table))) continue;
      if (this.mayBeConverted(next)) between.add(next);
      else {
        const freed = this.restore(next);
        if (freed.length > 0) candidates = this.inOrder([...candidates, ...freed]);
      }
    }
    if (this.referencesToCome) return;
    for (const restore of this.inOrder(between)) if (this.waiting.has(restore)) this.restore(restore);
  }

  private inOrder(restores: Iterable<RestoreDifference>): RestoreDifference[] {
    const rank = (restore: RestoreDifference): number => this.ranks.get(restore) ?? 0;
    return [...new Set(restores)].sort((a, b) => rank(a) - rank(b));
  }

  private mayBeConverted({ key, state }: RestoreDifference): boolean {
    return (
      state === 'away' && this.conversions.isPlain(key.table) && this.conversions.isPlain(key.references)
    );
  }

  /** @returns the foreign keys of the tables that it converted, which may have waited for that */
  private restore(restore: RestoreDifference): RestoreDifference[] {
    this.waiting.delete(restore);
    const conversions = restore.state === 'away' ? this.conversions.comesBack(restore.key) : [];
    const steps = restoreSteps(restore, this.target, conversions);
    this.groups.push({ steps, conversions, restores: restore.key });
    return this.restoresOf(conversions.map(({ table }) => table));
  }

  private restoresOf(tables: readonly TableName[]): RestoreDifference[] {
    return tables.flatMap((table) => this.restoresByTable.get(tableKey(table)) ?? []);
  }

  private arrive(tables: readonly TableName[], group: StepGroup): void {
    this.groups.push(group);
    for (const table of tables) this.arrived.add(tableKey(table));
    this.restoreWhatCan(this.restoresOf([...tables, ...group.conversions.map(({ table }) => table)]));
  }

  private isThere(table: TableName): boolean {
    return this.arrived.has(tableKey(this.target.wholeOf(table))) || this.target.isThere(table);
  }

  /** Before the step that leaves it. */
  private noteLocalCopy(table: TableName): void {
    if (this.conversions.isPlain(table) && this.target.liveTable(table)?.hasHeap === true) {
      this.localCopies.push(table);
    }
  }
}

function notOnTheWay({ view }: LiveView): string {
  return `on the way to an online copy Citus creates materialized view ${showTable(view)} again, and cannot while one of its tables is distributed and another is not`;
}

/** A table can only join a group that is there. */
function rootsFirst(changes: TablesDifference['changes']): TablesDifference['changes'] {
  const joins = ({ change }: TablesDifference['changes'][number]): boolean =>
    change.kind !== 'undistribute' && change.colocateWith !== undefined;
  return [...changes.filter((each) => !joins(each)), ...changes.filter(joins)];
}

/** A foreign key can only return when one of its two tables has just come to its place. */
function restoresByTable(
  restores: readonly RestoreDifference[],
  target: TargetState,
): Map<string, RestoreDifference[]> {
  const ends = restores.flatMap((restore) =>
    [...new Set([restore.key.table, restore.key.references].map((end) => tableKey(target.wholeOf(end))))].map(
      (end) => ({ end, restore }),
    ),
  );
  const byEnd = groupBy(ends, ({ end }) => end);
  return new Map([...byEnd].map(([end, all]) => [end, all.map(({ restore }) => restore)]));
}
