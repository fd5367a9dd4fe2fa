import { environmentFile } from '../../../config/file/files';
import { CLUSTER, ELASTIC_CLUSTER } from '../../audit/stack/azurerm';
import { explainChange, explainResource } from '../../audit/difference/meanings';
import { blocksAt } from '../../audit/stack/blocks';
import type { Json } from '../../audit/stack/synthesized';
import type { Finding, GuardContext, Judgement } from './finding';
import { nameOf } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { isReplacement } from './plan-json';
import { isArgument, judgedValues, kindOf, transitionText } from './resource-words';
import { changedAttributes, differing, isUnknown, shownValue, valueText } from './values';

/** What a plan does to one resource, for people and programs; secrets masked. */
export interface PlannedChange {
  readonly address: string;
  readonly constructPath: string;
  readonly action: 'create' | 'update' | 'replace' | 'destroy' | 'adopt' | 'move' | 'forget' | 'read';
  /** One sentence to each thing that happens. */
  readonly words: readonly string[];
}

/** A plan in words, in the order of its addresses. Pure. */
export function plannedChanges(plan: TerraformPlan, context: GuardContext): readonly PlannedChange[] {
  return plan.changes.map((change) => ({
    address: change.address,
    constructPath: context.constructPath(change.address),
    action: actionOf(change),
    words: wordsOf(change),
  }));
}

function actionOf(change: ResourceChange): PlannedChange['action'] {
  if (change.importing !== undefined) return 'adopt';
  if (isReplacement(change)) return 'replace';
  const [action = 'no-op'] = change.actions;
  switch (action) {
    case 'create':
    case 'update':
    case 'forget':
    case 'read':
      return action;
    case 'delete':
      return 'destroy';
    case 'no-op':
      return 'move';
  }
}

function wordsOf(change: ResourceChange): readonly string[] {
  const name = nameOf(change);
  // Of what goes a person has to know what it is: a cluster and its diagnostic setting may have one name.
  const goes = name === change.address ? name : `${kindOf(change.type)} ${name} (${change.address})`;
  switch (actionOf(change)) {
    case 'create':
      return [`${name}: ${explainResource(change.type, true)}`, ...judgedValues(change)];
    case 'destroy':
      return [
        `${goes}: ${change.deposed === undefined ? explainResource(change.type, false) : 'what a broken-off replacement left behind is removed'}`,
        ...judgedValues(change),
      ];
    case 'replace':
      return [`${goes}: destroyed, and created anew`, ...replacedValues(change)];
    case 'forget':
      return [`${goes}: Terraform forgets it, and Azure keeps it`];
    case 'read':
      return [`${name}: read`];
    case 'move':
      return [`${name}: the same resource at another address, was ${change.previousAddress ?? 'elsewhere'}`];
    case 'adopt':
      return [`${name}: exists in Azure already and is taken over`, ...updates(change)];
    case 'update':
      return updates(change);
  }
}

/** The arguments that are others afterwards; what the service works out anew is left out. */
function replacedValues(change: ResourceChange): readonly string[] {
  return changedAttributes(change)
    .filter((attribute) => isArgument(change, attribute) && !isUnknown(change, attribute))
    .map((attribute) => {
      const { before, after } = differing(shownValue(change, attribute));
      return `${attribute}: ${transitionText(attribute, before, after)}`;
    });
}

function updates(change: ResourceChange): readonly string[] {
  if (!change.actions.includes('update')) return [];
  return changedAttributes(change).map((attribute) => {
    const { before, after } = differing(shownValue(change, attribute));
    const { words } = explainChange(
      change.type,
      attribute,
      change.before?.[attribute] ?? null,
      change.after?.[attribute] ?? null,
    );
    if (change.type === ELASTIC_CLUSTER && attribute === 'cluster') {
      return `nodes: ${nodesText(before)} -> ${nodesText(after)} (${words})`;
    }
    return `${labelOf(change, attribute)}: ${transitionText(attribute, before, after)} (${words})`;
  });
}

function labelOf({ type }: ResourceChange, attribute: string): string {
  return type === CLUSTER && attribute === 'node_count' ? 'workers' : attribute;
}

/** The block of an elastic cluster by its size: the other value in it never changes in place. */
function nodesText(block: Json): string {
  const [nodes] = blocksAt({ block }, 'block');
  return valueText(nodes?.['size'] ?? block);
}

/** How far a stack takes over what was there before. */
export interface AdoptionProgress {
  /** How many of the changes take over what its import blocks name, and change nothing. */
  readonly imported: number;
  /** Whether it has import blocks. */
  readonly adopting: boolean;
}

/** The changes, the findings and what they ask for, as a person reads them before saying yes. */
export function describeJudged(
  environment: string,
  changes: readonly PlannedChange[],
  judgement: Judgement,
  { imported, adopting }: AdoptionProgress = { imported: 0, adopting: false },
): string {
  // What happened past Terraform comes first: all else is read otherwise after it.
  const drift = judgement.findings.filter(({ guard }) => guard === 'drift');
  const lines = drift.flatMap((finding) => [describeFinding(finding, judgement), '']);
  if (imported > 0 && imported === changes.length) {
    lines.push(`${imported} to import, nothing else: ${environment} takes over what is there as it is.`, '');
  }
  if (changes.length === 0) lines.push(`Nothing to do: ${environment} is as its config says.`);
  if (adopting && imported === 0 && judgement.refused.length === 0) {
    lines.push(`What was there is taken over: ${setImported(environment)}.`);
  }
  for (const { constructPath, action, words } of changes) {
    lines.push(`${action.padEnd(8)}${constructPath}`, ...words.map((word) => `          ${word}`));
  }
  for (const finding of judgement.findings) {
    if (finding.guard !== 'drift') lines.push('', describeFinding(finding, judgement));
  }
  if (judgement.refused.length > 0) lines.push('', describeRefusal(environment, judgement));
  return lines.join('\n');
}

/** What ends an adoption. */
export function setImported(environment: string): string {
  return `set imported: true under cluster.origin in ${environmentFile(environment)}`;
}

/** One finding in one line: whether it refuses, where, why, and the way out. */
export function describeFinding(finding: Finding, { allowed }: Pick<Judgement, 'allowed'>): string {
  const mark = {
    never: 'REFUSED',
    'needs-yes': allowed.includes(finding.id) ? 'allowed' : 'REFUSED',
    note: 'note',
  }[finding.level];
  return `${mark} ${finding.id} at ${finding.constructPath}: ${finding.why}. Way out: ${finding.wayOut}.`;
}

function describeRefusal(environment: string, { refused }: Judgement): string {
  const never = refused.filter(({ level }) => level === 'never').map(({ id }) => id);
  if (never.length > 0) {
    return `Nothing was applied to ${environment}: ${never.join(', ')} cannot be allowed.`;
  }
  const ids = [...new Set(refused.map(({ id }) => id))];
  const flags = ids.map((id) => `--allow ${id}`).join(' ');
  return `Nothing was applied to ${environment}. To go ahead all the same: ${flags} (before npx cdktf: SCALEOUT_ALLOW=${ids.join(',')}).`;
}
