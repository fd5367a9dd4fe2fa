import { RESOURCE_GROUP } from '../audit/stack/azurerm';
import type { Json } from '../audit/stack/synthesized';
import { isObject } from '../audit/stack/synthesized';
import { refused } from '../lib/errors';
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

/** A stack's file with orders to take the orphans over; the plan of it shows what they are before anything is done. */
export function withImports(text: string, orphans: readonly Orphan[]): string {
  const stack = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify(
    { ...stack, import: orphans.map(({ address, id }) => ({ to: address, id })) },
    undefined,
    2,
  );
}

/**
 * Lets a plan take over only what is the environment's own: its resource group, by the tags that this project sets on
 * it, and what lies in that group.
 *
 * @throws ScaleoutError (refused) for anything else
 */
export function requireOwn(plan: TerraformPlan, environment: string): void {
  for (const change of plan.changes) {
    if (change.importing === undefined) continue;
    const reason = strangeness(change, change.importing, plan, environment);
    if (reason === undefined) continue;
    throw refused(
      'infra.not-taken-over',
      `${change.importing} exists in Azure and is not taken over, because ${reason}. Nothing was done to it: choose another name in config/environments/${environment}.yaml, or, if it is yours, take it over with terraform import ${change.address} ${change.importing}`,
    );
  }
}

function strangeness(
  change: ResourceChange,
  id: string,
  plan: TerraformPlan,
  environment: string,
): string | undefined {
  if (change.type === RESOURCE_GROUP) return groupStrangeness(change, environment);
  const known = [...plan.unchanged, ...plan.changes].filter(({ before }) => before !== null);
  // The secrets of a vault have addresses of their own; the vault they are in has a place in a group.
  const vault = known.find(({ before }) => isWithin(id, textAt(before?.['vault_uri'])));
  const place = vault === undefined ? id : textAt(vault.before?.['id']);
  const group = known.find(
    ({ type, before }) => type === RESOURCE_GROUP && isWithin(place, `${textAt(before?.['id'])}/`),
  );
  return group === undefined
    ? `it lies in no resource group of "${environment}"`
    : groupStrangeness(group, environment);
}

function groupStrangeness({ before }: ResourceChange, environment: string): string | undefined {
  const tags = before?.['tags'];
  const tag = (name: string): string => (isObject(tags) ? textAt(tags[name]) : '');
  if (tag('managedBy') === 'scaleout' && tag('environment') === environment) return undefined;
  const found = ['managedBy', 'environment'].map(
    (name) => `${name}=${tag(name) === '' ? '(none)' : tag(name)}`,
  );
  return `its resource group ${textAt(before?.['name'])} has the tags ${found.join(' and ')} where "${environment}" sets managedBy=scaleout and environment=${environment}`;
}

/** Resource ids are compared without regard to case, as Azure does. */
function isWithin(id: string, prefix: string): boolean {
  return prefix.length > 1 && id.toLowerCase().startsWith(prefix.toLowerCase());
}

function textAt(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
