import { environmentFile } from '../../config/file/files';
import { RESOURCE_GROUP } from '../audit/stack/azurerm';
import { ORPHAN_COMMENT, ownImports } from '../audit/stack/imports';
import type { Json, Synthesized } from '../audit/stack/synthesized';
import { isObject, resourcesOf } from '../audit/stack/synthesized';
import { refused } from '../lib/errors';
import { parseStrictJson } from '../lib/strict-json';
import { parseDiagnostics } from './diagnostics';
import type { ResourceChange, TerraformPlan } from './guards/plan-json';

/**
 * Something that exists in Azure although the state does not know it: a deploy that was killed in the middle of
 * creating it leaves that behind.
 */
export interface Orphan {
  /** Where the configuration has it. */
  readonly address: string;
  /** Resource id, as the provider spells it. */
  readonly id: string;
}

const EXISTS = /resource with the ID "([^"]+)" already exists/i;

/** What an apply failed to create because it was there. Pure. */
export function orphansOf(output: string): readonly Orphan[] {
  return parseDiagnostics(output).flatMap(({ summary, detail, address }) => {
    const id = (EXISTS.exec(summary) ?? EXISTS.exec(detail))?.[1];
    return id === undefined || address === undefined ? [] : [{ address, id }];
  });
}

/**
 * A stack's file with orders to take the orphans over, after those that it has; the plan of it shows what they are
 * before anything is done. Pure.
 */
export function withImports(text: string, orphans: readonly Orphan[]): string {
  const stack = parseStrictJson(text) as Record<string, unknown>;
  const own = [stack['import'] ?? []].flat();
  const added = orphans.map(({ address, id }) => ({ '//': ORPHAN_COMMENT, to: address, id }));
  return JSON.stringify({ ...stack, import: [...own, ...added] }, undefined, 2);
}

/**
 * Lets a plan take over only what is the environment's own: what the stack's import blocks name, its resource group, by
 * the tags that this project sets on it, and what lies in that group. Where the stack manages no group, what lies in its
 * own resources, and what carries those tags.
 *
 * @throws ScaleoutError (refused) for anything else
 */
export function requireOwn(plan: TerraformPlan, stack: Synthesized): void {
  const { environment } = stack;
  const named = ownImports(stack);
  for (const change of plan.changes) {
    const { importing, address } = change;
    if (importing === undefined || isSameId(named.get(address), importing)) continue;
    const reason = strangeness(change, importing, plan, stack);
    if (reason === undefined) continue;
    throw refused(
      'infra.not-taken-over',
      `${importing} exists in Azure and is not taken over, because ${reason}. Nothing was done to it: choose another name in ${environmentFile(environment)}, or, if it is yours, take it over with terraform import ${address} ${importing}`,
    );
  }
}

function strangeness(
  change: ResourceChange,
  id: string,
  plan: TerraformPlan,
  stack: Synthesized,
): string | undefined {
  const { environment } = stack;
  if (change.type === RESOURCE_GROUP) return groupStrangeness(change, environment);
  const known = [...plan.unchanged, ...plan.changes].filter(({ before }) => before !== null);
  if (resourcesOf(stack, RESOURCE_GROUP).length === 0) {
    return strangenessWithoutGroup(change, id, known, environment);
  }
  // The secrets of a vault have addresses of their own; the vault they are in has a place in a group.
  const place = textAt(vaultOf(id, known)?.before?.['id']) || id;
  const group = known.find(
    ({ type, before }) => type === RESOURCE_GROUP && isWithin(place, `${textAt(before?.['id'])}/`),
  );
  return group === undefined
    ? `it lies in no resource group of "${environment}"`
    : groupStrangeness(group, environment);
}

/** An adopted cluster lies in a group of somebody else, who may keep other things there. */
function strangenessWithoutGroup(
  change: ResourceChange,
  id: string,
  known: readonly ResourceChange[],
  environment: string,
): string | undefined {
  const others = known.filter(({ address }) => address !== change.address);
  const isInOwn = others.some(({ before }) => {
    const place = textAt(before?.['id']);
    // A diagnostic setting is written behind its resource: `/subscriptions/.../NAME|SETTING`.
    return ['/', '|'].some((separator) => isWithin(id, `${place}${separator}`));
  });
  if (isInOwn || vaultOf(id, others) !== undefined || isTagged(change, environment)) return undefined;
  return `it lies in no resource of "${environment}" and ${wrongTags(change, environment)}`;
}

function vaultOf(id: string, known: readonly ResourceChange[]): ResourceChange | undefined {
  return known.find(({ before }) => isWithin(id, textAt(before?.['vault_uri'])));
}

function groupStrangeness(group: ResourceChange, environment: string): string | undefined {
  if (isTagged(group, environment)) return undefined;
  return `its resource group ${textAt(group.before?.['name'])} ${wrongTags(group, environment)}`;
}

function isTagged(change: ResourceChange, environment: string): boolean {
  return tagOf(change, 'managedBy') === 'scaleout' && tagOf(change, 'environment') === environment;
}

function wrongTags(change: ResourceChange, environment: string): string {
  const found = ['managedBy', 'environment'].map((name) => `${name}=${tagOf(change, name) || '(none)'}`);
  return `has the tags ${found.join(' and ')} where "${environment}" sets managedBy=scaleout and environment=${environment}`;
}

function tagOf({ before }: ResourceChange, name: string): string {
  const tags = before?.['tags'];
  return isObject(tags) ? textAt(tags[name]) : '';
}

/** Resource ids are compared without regard to case, as Azure does. */
function isWithin(id: string, prefix: string): boolean {
  return prefix.length > 1 && id.toLowerCase().startsWith(prefix.toLowerCase());
}

function isSameId(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

function textAt(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
