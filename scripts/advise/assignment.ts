import { tableKey } from '../../config/workload/identifiers';
import type { LiveForeignKey } from '../database/model/live';
import { shardOfHash } from '../simulate/hash-ranges';
import type { JoinKey, JoinKeyColumn } from './join-keys';
import type { Placement } from '../database/forecast/forecast';
import { columnKey } from './hashes';
import type { AdviceModel } from './advice-model';

/** What becomes of a table, and what it follows from. */
export type Assigned =
  | { readonly kind: 'distributed'; readonly domain: JoinKey; readonly member: JoinKeyColumn }
  /** Belongs to a group by a foreign key, and lacks its column. */
  | { readonly kind: 'lacks-column'; readonly domain: JoinKey; readonly through: LiveForeignKey }
  | { readonly kind: 'reference'; readonly because: Reason }
  | { readonly kind: 'local' }
  | { readonly kind: 'undecided'; readonly because: Reason | undefined };

/** The table that makes another one be needed on every node. */
export interface Reason {
  readonly by: 'foreign key' | 'join' | 'name';
  readonly table: string;
}

/** Where every table goes once these domains are chosen, the first before the others. Pure. */
export function assign(situation: AdviceModel, chosen: readonly JoinKey[]): Map<string, Assigned> {
  const assigned = new Map<string, Assigned>();
  for (const domain of chosen) {
    for (const key of domain.members.keys()) {
      const member = situation.member(domain, key);
      if (member !== undefined && !assigned.has(key))
        assigned.set(key, { kind: 'distributed', domain, member });
    }
    copyOwner(situation, domain, assigned);
  }
  takeChildren(situation, assigned);
  takeParents(situation, assigned);
  for (const key of situation.tables.keys()) {
    if (assigned.has(key)) continue;
    assigned.set(key, situation.isLarge(key) ? { kind: 'undecided', because: undefined } : { kind: 'local' });
  }
  return assigned;
}

/**
 * The table whose key a domain is, made a reference table where it is led to by another column as well: that foreign key could
 * not be kept otherwise, and the others have each other without it.
 */
function copyOwner(situation: AdviceModel, domain: JoinKey, assigned: Map<string, Assigned>): void {
  const { owner } = domain;
  const place = owner === undefined ? undefined : assigned.get(owner);
  if (owner === undefined || place?.kind !== 'distributed' || place.domain !== domain) return;
  const others = [...domain.members.keys()].flatMap((key) => {
    const each = assigned.get(key);
    return key !== owner && each?.kind === 'distributed' && each.domain === domain ? [key] : [];
  });
  if (others.length < 2 || !situation.canBeReference(owner)) return;
  const by = [owner, ...others].find((key) => {
    const each = assigned.get(key);
    return situation.parents
      .get(key)
      ?.some(
        ({ references, columns, referencedColumns }) =>
          tableKey(references) === owner &&
          each?.kind === 'distributed' &&
          referencedColumns[columns.indexOf(each.member.column.name)] !== place.member.column.name,
      );
  });
  if (by !== undefined) assigned.set(owner, { kind: 'reference', because: { by: 'foreign key', table: by } });
}

/**
 * A foreign key may lead to a distributed table only from a table of the same group. Along one that every row fills in, every row gets the
 * column, however far that way is; the others are for what is left.
 */
function takeChildren(situation: AdviceModel, assigned: Map<string, Assigned>): void {
  for (const alongAny of [false, true]) {
    const waiting = [...assigned.keys()];
    for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
      const place = assigned.get(parent);
      if (place?.kind !== 'distributed' && place?.kind !== 'lacks-column') continue;
      for (const { child, through, filled } of situation.children.get(parent) ?? []) {
        if (assigned.has(child) || !(filled || alongAny)) continue;
        assigned.set(child, { kind: 'lacks-column', domain: place.domain, through });
        waiting.push(child);
      }
    }
  }
}

/** What distributed tables lead to or are joined with has to be on every node. */
function takeParents(situation: AdviceModel, assigned: Map<string, Assigned>): void {
  const waiting = [...assigned.keys()];
  const need = (key: string, because: Reason): void => {
    if (assigned.has(key) || !situation.tables.has(key)) return;
    const kind = situation.canBeReference(key) ? 'reference' : 'undecided';
    assigned.set(key, { kind, because });
    if (kind === 'reference') waiting.push(key);
  };
  for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
    for (const { references } of situation.parents.get(key) ?? []) {
      need(tableKey(references), { by: 'foreign key', table: key });
    }
    if (assigned.get(key)?.kind === 'reference') continue;
    for (const partner of situation.partners.get(key) ?? []) need(partner, { by: 'join', table: key });
    for (const domain of situation.domainsOf.get(key) ?? []) {
      if (domain.owner !== undefined && domain.owner !== key) need(domain.owner, { by: 'name', table: key });
    }
  }
}

/** What the column would be called: as in the table its foreign key leads to. */
export function missingColumn(
  situation: AdviceModel,
  place: Extract<Assigned, { kind: 'lacks-column' }>,
): string {
  const parent = situation.member(place.domain, tableKey(place.through.references));
  return parent?.unique === true && parent.column.name === 'id'
    ? place.domain.name
    : (parent?.column.name ?? place.domain.name);
}

/**
 * Where each table is, for the forecast of queries.
 *
 * @param added tables that lack the column have got it
 */
export function placements(
  situation: AdviceModel,
  assigned: ReadonlyMap<string, Assigned>,
  added = false,
): (key: string) => Placement {
  return (key) => {
    const place = assigned.get(key);
    if (added && place?.kind === 'lacks-column') {
      const column = missingColumn(situation, place);
      const group = String(situation.domains.indexOf(place.domain));
      return { kind: 'distributed', column: `${column} to come`, group, position: -1, plainCasts: [] };
    }
    if (place?.kind === 'reference') return { kind: 'reference' };
    if (place?.kind !== 'distributed') return { kind: 'local' };
    const { column, table } = place.member;
    const known = situation.input.hashes?.get(columnKey(table, column.name));
    return {
      kind: 'distributed',
      column: column.name,
      // Columns of different types hash apart, so they make two groups.
      group: `${String(situation.domains.indexOf(place.domain))} ${column.type} ${column.collation ?? ''}`,
      position: situation.tables.get(key)?.columns.findIndex(({ name }) => name === column.name) ?? -1,
      plainCasts: known?.plainCasts ?? (column.type === 'character varying' ? ['text'] : []),
      shardOf: (value) => {
        const hash = known?.hashes.get(value);
        return hash === undefined ? undefined : shardOfHash(hash, situation.input.shardCount);
      },
    };
  };
}
