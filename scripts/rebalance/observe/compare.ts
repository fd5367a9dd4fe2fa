import { sameTable, showTable } from '../../database/model/names';
import { hidesFromOwner } from '../../database/observe/row-security';
import type { Policy, RowSecurity, SecuredTable } from '../../database/observe/row-security';
import type { Shard } from '../../citus/shards';
import type { PlacedShard, ShardRows, ShardState } from '../../database/observe/shards';
import { count } from '../../lib/reporter';
import { COMMANDS, lostPolicyId } from './findings';

/** What differs between a shard before its move and after it, or between a shard and its table on the coordinator. */
export interface ShardDifference {
  readonly table: string;
  readonly shard: number;
  /** `rows`, `row-level security`, `policy NAME`, `indexes`, `constraints`. */
  readonly what: string;
  readonly before: string;
  readonly now: string;
  /** Something that was there is not there any more. Other differences come about where applications write. */
  readonly lost: boolean;
}

/** One placement of a shard as it was seen once. */
export interface SeenShard {
  readonly shard: PlacedShard;
  readonly rows: ShardRows;
  /** Undefined where its node did not say. */
  readonly state: ShardState | undefined;
}

/** @param allowed ids of findings that a person allowed */
export function compareShard(
  before: SeenShard,
  now: SeenShard,
  allowed: ReadonlySet<string>,
): ShardDifference[] {
  const { shard } = before;
  return [
    ...compareRows(shard, before.rows, now.rows),
    ...compareStates(shard, before.state, now.state, allowed),
  ];
}

/** The same rows, by both figures. */
export function sameRows(a: ShardRows, b: ShardRows): boolean {
  return 'rows' in a && 'rows' in b && a.rows === b.rows && a.checksum === b.checksum;
}

function compareRows(shard: Shard, before: ShardRows, now: ShardRows): ShardDifference[] {
  if (sameRows(before, now)) return [];
  // What was not counted before proves nothing; what cannot be counted now is not proven to be there.
  const lost = 'rows' in before && (!('rows' in now) || now.rows < before.rows);
  return [difference(shard, 'rows', showRows(before, now), showRows(now, before), lost)];
}

function showRows(own: ShardRows, other: ShardRows): string {
  if ('unreadable' in own) return `not counted (${own.unreadable})`;
  const rows = `${count(own.rows)} ${own.rows === 1 ? 'row' : 'rows'}`;
  return 'rows' in other && other.rows === own.rows ? `${rows} with checksum ${own.checksum}` : rows;
}

function compareStates(
  shard: Shard,
  before: ShardState | undefined,
  now: ShardState | undefined,
  allowed: ReadonlySet<string>,
): ShardDifference[] {
  if (before === undefined || now === undefined) {
    const show = (state: ShardState | undefined): string =>
      state === undefined ? 'not there, or its node does not answer' : 'there';
    return [difference(shard, 'shard', show(before), show(now), before !== undefined)];
  }
  return [
    ...compareFlags(shard, before.security, now.security),
    ...comparePolicies(shard, before.security, now.security, (policy) =>
      allowed.has(lostPolicyId(shard.table, policy)),
    ),
    ...compareLists(shard, 'indexes', before.indexes, now.indexes),
    ...compareLists(shard, 'constraints', asValidated(before.constraints, now.constraints), now.constraints),
  ];
}

function compareFlags(shard: Shard, before: RowSecurity, now: RowSecurity): ShardDifference[] {
  const [was, is] = [showFlags(before), showFlags(now)];
  const lost = (before.enabled && !now.enabled) || (before.forced && !now.forced);
  return was === is ? [] : [difference(shard, 'row-level security', was, is, lost)];
}

function showFlags({ enabled, forced }: RowSecurity): string {
  return `${enabled ? 'enabled' : 'disabled'}${forced ? ', forced' : ''}`;
}

function comparePolicies(
  shard: Shard,
  before: RowSecurity,
  now: RowSecurity,
  allowed: (policy: Policy) => boolean,
): ShardDifference[] {
  return policiesOf(before, now).flatMap(([name, was, is]) => {
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    // Who may see more than before has lost what kept him out.
    const lost = was !== undefined && !(allowed(was) && is !== undefined && !was.permissive && is.permissive);
    return [difference(shard, `policy ${name}`, showPolicy(was), showPolicy(is), lost)];
  });
}

/** Each policy by name, as either side has it. */
function policiesOf(
  before: RowSecurity,
  now: RowSecurity,
): [name: string, was: Policy | undefined, is: Policy | undefined][] {
  const find = ({ policies }: RowSecurity, name: string): Policy | undefined =>
    policies.find((policy) => policy.name === name);
  const names = new Set([...before.policies, ...now.policies].map(({ name }) => name));
  return [...names].map((name) => [name, find(before, name), find(now, name)]);
}

function showPolicy(policy: Policy | undefined): string {
  if (policy === undefined) return 'none';
  const { permissive, command, roles, using, check } = policy;
  return [
    permissive ? 'permissive' : 'restrictive',
    `for ${COMMANDS[command]?.toLowerCase() ?? 'all'} to ${roles.join(', ')}`,
    ...(using === null ? [] : [`using ${using}`]),
    ...(check === null ? [] : [`with check ${check}`]),
  ].join(' ');
}

function compareLists(
  shard: Shard,
  what: 'indexes' | 'constraints',
  before: readonly string[],
  now: readonly string[],
): ShardDifference[] {
  const missing = without(before, now);
  const added = without(now, before);
  if (missing.length === 0 && added.length === 0) return [];
  return [difference(shard, what, showList(missing), showList(added), missing.length > 0)];
}

/**
 * Constraints as they were, those that hold for every row by now as if they always had: Citus adds foreign keys of shards NOT VALID, and
 * makes them anew without that where a shard arrives.
 */
function asValidated(before: readonly string[], now: readonly string[]): string[] {
  return before.map((constraint) => {
    const validated = constraint.replace(/ NOT VALID$/, '');
    return !now.includes(constraint) && now.includes(validated) ? validated : constraint;
  });
}

/** `some` without `others`, each once for each time. */
function without(some: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return some.filter((each) => {
    const index = left.indexOf(each);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

function showList(definitions: readonly string[]): string {
  return definitions.length === 0 ? 'none of these' : definitions.join('; ');
}

/** Row-level security that the coordinator says a shard should have. */
function securityOf({ table }: Shard, tables: readonly SecuredTable[]): RowSecurity {
  const none = { enabled: false, forced: false, policies: [] };
  return tables.find((each) => sameTable(each.table, table)) ?? none;
}

/** Where the flags and policies of a placement are not those of its table on the coordinator. */
export function driftOf(
  { shard, state }: Pick<SeenShard, 'shard' | 'state'>,
  tables: readonly SecuredTable[],
): ShardDifference[] {
  if (state === undefined) return [];
  const drift = (what: string, table: string, own: string): ShardDifference[] =>
    table === own
      ? []
      : [difference(shard, what, `${table} on the coordinator`, `${own} on the shard`, false)];
  const [table, own] = [securityOf(shard, tables), state.security];
  return [
    ...drift('row-level security', showFlags(table), showFlags(own)),
    ...policiesOf(table, own).flatMap(([name, was, is]) =>
      drift(`policy ${name}`, showKind(was), showKind(is)),
    ),
  ];
}

function showKind(policy: Policy | undefined): string {
  return policy === undefined ? 'none' : policy.permissive ? 'permissive' : 'restrictive';
}

/** Placements whose policies would hide rows from the copy although FORCE of the table on the coordinator is off. */
export function hiddenDrift(
  seen: readonly Pick<SeenShard, 'shard' | 'state'>[],
  tables: readonly SecuredTable[],
): PlacedShard[] {
  return seen
    .filter(
      ({ shard, state }) =>
        state !== undefined && hidesFromOwner(state.security) && !hidesFromOwner(securityOf(shard, tables)),
    )
    .map(({ shard }) => shard);
}

/** `vault, shard 102008: rows: 900 rows before, 20 rows now`. */
export function describeDifference({ table, shard, what, before, now, lost }: ShardDifference): string {
  return `${table}, shard ${String(shard)}${lost ? ', lost' : ''}: ${what}: ${before}; now ${now}`;
}

function difference(shard: Shard, what: string, before: string, now: string, lost: boolean): ShardDifference {
  return { table: showTable(shard.table), shard: shard.shardId, what, before, now, lost };
}
