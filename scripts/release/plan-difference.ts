import type { Json } from '../audit/stack/synthesized';
import { isObject } from '../audit/stack/synthesized';
import type { Deed, PlanMeaning, ReadPlan } from './plan-meaning';
import { UNKNOWN } from './plan-meaning';

/** One thing that a plan made at the apply says otherwise than the one that was reviewed. */
export interface PlanDifference {
  /** Terraform's address; `output.x`, `variable.x` or `terraform` for what is no resource. */
  readonly address: string;
  /** Path of the argument; empty where all of it is on one side only. */
  readonly argument: string;
  readonly was: Json;
  readonly is: Json;
}

/** What the service fills in is no difference where one side does not know it yet. */
type IsFilledIn = (argument: string) => boolean;

/**
 * Everything in which two plans do not mean the same, by name. Pure.
 *
 * @param reviewed as the bundle has it
 * @param now of the plan that was made for this apply; its configuration alone says what the service fills in
 */
export function planDifferences(reviewed: PlanMeaning, now: ReadPlan): readonly PlanDifference[] {
  const { meaning, isConfigured } = now;
  const nothing: IsFilledIn = () => false;
  const deeds = (
    a: Readonly<Record<string, Deed>>,
    b: Readonly<Record<string, Deed>>,
    prefix: string,
  ): PlanDifference[] =>
    union(a, b).flatMap((name) =>
      differences(
        `${prefix}${name}`,
        asJson(a[name]),
        asJson(b[name]),
        (argument) => argument !== '' && !isConfigured(name, argument),
      ),
    );
  const values = (
    prefix: string,
    a: Readonly<Record<string, Json>>,
    b: Readonly<Record<string, Json>>,
  ): PlanDifference[] =>
    union(a, b).flatMap((name) => differences(`${prefix}.${name}`, a[name], b[name], nothing));
  return [
    ...differences('terraform', reviewed.terraform, meaning.terraform, nothing),
    ...deeds(reviewed.resources, meaning.resources, ''),
    ...deeds(reviewed.drift, meaning.drift, 'drift of '),
    ...values('output', reviewed.outputs, meaning.outputs),
    ...values('variable', reviewed.variables, meaning.variables),
  ];
}

function asJson(deed: Deed | undefined): Json | undefined {
  // What does not change is written down once.
  return (
    deed && {
      ...deed,
      ...(deed.before !== undefined && deed.after === undefined && deed.actions.join() !== 'delete'
        ? { after: deed.before }
        : {}),
    }
  );
}

function differences(
  address: string,
  was: Json | undefined,
  is: Json | undefined,
  isFilledIn: IsFilledIn,
  path: readonly string[] = [],
): readonly PlanDifference[] {
  const [side = '', argument = ''] = path;
  const either = was === UNKNOWN || is === UNKNOWN;
  if (either && (side === 'after' || side === 'before') && isFilledIn(argument)) return [];
  if (Array.isArray(was) && Array.isArray(is) && was.length === is.length) {
    return (was as readonly Json[]).flatMap((item, index) =>
      differences(address, item, (is as readonly Json[])[index], isFilledIn, [...path, String(index)]),
    );
  }
  if (isObject(was) && isObject(is)) {
    return union(was, is).flatMap((key) =>
      differences(address, was[key], is[key], isFilledIn, [...path, key]),
    );
  }
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  return [{ address, argument: path.join('.'), was: was ?? null, is: is ?? null }];
}

function union(a: object, b: object): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

const MOST_SHOWN = 5;

/** The differences in one sentence without its end; the first ones by value. Pure. */
export function describeDifferences(found: readonly PlanDifference[]): string {
  const shown = found.slice(0, MOST_SHOWN).map(({ address, argument, was, is }) => {
    const what = argument === '' ? address : `${address}: ${argument.replace(/^after\./, '')}`;
    return `${what} was ${valueText(was)}, is ${valueText(is)}`;
  });
  const left = found.length - shown.length;
  return shown.join('; ') + (left > 0 ? `; and ${String(left)} more` : '');
}

function valueText(value: Json): string {
  if (value === null) return 'not there';
  if (isObject(value) && Array.isArray(value['actions'])) return `there (${value['actions'].join(' and ')})`;
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
