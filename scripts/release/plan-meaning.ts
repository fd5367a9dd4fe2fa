import { z } from 'zod';
import { namesSecret, secretIn } from '../audit/stack/secrets';
import type { Json, JsonObject } from '../audit/stack/synthesized';
import { isObject } from '../audit/stack/synthesized';
import { SENSITIVE } from '../infra/guards/values';
import { terraformDocument } from '../infra/terraform-answers';
import { canonical } from '../lib/digest';
import { ScaleoutError } from '../lib/errors';
import { below, knownSecrets, maskedTexts } from './secrets';
import type { KnownSecrets } from './secrets';

/** What a plan does to one thing; every secret in it is masked. */
export interface Deed {
  readonly kind: string;
  readonly provider: string;
  readonly actions: readonly string[];
  readonly previousAddress?: string;
  /** The resource id of what is taken over. */
  readonly importing?: string;
  /** Why Terraform does it, in its own word: `replace_because_tainted`. */
  readonly reason?: string;
  /** Arguments that force a replacement. */
  readonly replacePaths?: Json;
  readonly before?: JsonObject;
  /** Left out where it is what was before. */
  readonly after?: JsonObject;
}

/** What a plan means: everything that an apply of it would do, and nothing of how and when it was written down. */
export interface PlanMeaning {
  readonly terraform: string;
  /** By address; what a broken-off replacement left behind has its key in the name too. */
  readonly resources: Readonly<Record<string, Deed>>;
  /** What happened past Terraform, as far as somebody may have meant it. */
  readonly drift: Readonly<Record<string, Deed>>;
  readonly outputs: JsonObject;
  /** Without those that are secret, of which only the names are here. */
  readonly variables: JsonObject;
}

/** A plan that was read once. */
export interface ReadPlan {
  readonly meaning: PlanMeaning;
  /** Whether a stack says what an argument is to be; the provider fills in all others. */
  readonly isConfigured: (address: string, argument: string) => boolean;
  readonly secrets: KnownSecrets;
}

export const UNKNOWN = '(known after apply)';
/** Terraform says that it does not know a value, and says it. */
const CONTRADICTION = `${UNKNOWN}, and written out`;
/** A secret that is another one than on the side before. */
export const SENSITIVE_CHANGED = '(sensitive, another one)';
/** Of a value that only the other side calls a secret. */
const SENSITIVE_ELSEWHERE = '(sensitive on the other side)';
/** A moment that the service keeps, such as the earliest one that can be restored. */
const MOMENT = '(a time)';
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

const json = z.custom<Json>((value) => value !== undefined);
const jsonObject = z.custom<JsonObject>((value) => isObject(value as Json));
const changeSchema = z.object({
  actions: z.array(z.string()).min(1),
  before: json.optional(),
  after: json.optional(),
  after_unknown: json.optional(),
  before_sensitive: json.optional(),
  after_sensitive: json.optional(),
});
type Change = z.output<typeof changeSchema>;
const entrySchema = z.object({
  address: z.string().min(1),
  mode: z.string(),
  type: z.string(),
  provider_name: z.string().default(''),
  previous_address: z.string().optional(),
  deposed: z.string().optional(),
  action_reason: z.string().optional(),
  change: changeSchema.extend({
    replace_paths: z.array(json).optional(),
    importing: z.object({ id: z.string().optional() }).optional(),
  }),
});
type Entry = z.output<typeof entrySchema>;
const planSchema = z.object({
  format_version: z.string().regex(/^1\.\d+$/),
  terraform_version: z.string(),
  resource_changes: z.array(entrySchema).default([]),
  resource_drift: z.array(entrySchema).default([]),
  output_changes: z.record(z.string(), changeSchema).default({}),
  variables: z.record(z.string(), z.object({ value: json.optional() })).default({}),
  deferred_changes: z.array(z.unknown()).default([]),
  errored: z.literal(false).optional(),
  complete: z.literal(true).optional(),
  configuration: z
    .object({
      root_module: z
        .object({
          resources: z
            .array(z.object({ address: z.string(), expressions: jsonObject.optional() }))
            .default([]),
          variables: z.record(z.string(), z.object({ sensitive: z.boolean().optional() })).default({}),
        })
        .optional(),
    })
    .optional(),
});
type Plan = z.output<typeof planSchema>;

/**
 * Reads what `terraform show -json PLANFILE` printed. Pure.
 *
 * @param more secrets that the plan need not know of
 * @throws ScaleoutError when it is no whole plan: what was left for later, or failed, was not reviewed
 */
export function readPlan(text: string, more: readonly string[] = []): ReadPlan {
  let printed: unknown;
  try {
    printed = terraformDocument(text);
  } catch (error) {
    throw unreadable('it is not JSON', error);
  }
  const { data: plan, error } = planSchema.safeParse(printed);
  if (plan === undefined) {
    // The values of a plan hold passwords in clear text, so a fault is named by its place alone.
    throw unreadable(`${error.issues[0]?.path.join('.') ?? ''} is not what a whole plan of format 1.x says`);
  }
  if (plan.deferred_changes.length > 0) throw unreadable('it leaves changes for a later plan');
  const secrets = knownSecrets([...secretsOf(plan), ...more]);
  const isConfigured = configured(plan);
  const deeds = (entries: readonly Entry[]): readonly (readonly [string, Deed])[] =>
    entries.map((entry) => [nameOf(entry), deed(entry, isConfigured, secrets)]);
  return {
    meaning: {
      terraform: plan.terraform_version,
      resources: byName(deeds(plan.resource_changes)),
      drift: byName(deeds(plan.resource_drift).filter(([, each]) => !isMovedByService(each))),
      outputs: Object.fromEntries(
        Object.entries(plan.output_changes).map(([name, change]) => [
          name,
          outputDeed(name, change, secrets),
        ]),
      ),
      variables: variables(plan, secrets),
    },
    isConfigured,
    secrets,
  };
}

function unreadable(why: string, cause?: unknown): ScaleoutError {
  return new ScaleoutError(
    'infra.plan-unreadable',
    `the plan cannot be compared, so nothing is applied: ${why}`,
    {
      cause,
    },
  );
}

/** True where all that is another one is a moment that the service keeps. */
function isMovedByService({ actions, before, after }: Deed): boolean {
  return before !== undefined && after === undefined && !actions.includes('delete');
}

function nameOf({ address, deposed }: Entry): string {
  return deposed === undefined ? address : `${address} (deposed ${deposed})`;
}

function byName(deeds: readonly (readonly [string, Deed])[]): Record<string, Deed> {
  const sorted = [...deeds].sort(([a], [b]) => (a < b ? -1 : 1));
  const twice = sorted.find(([name], index) => sorted[index + 1]?.[0] === name);
  if (twice !== undefined) throw unreadable(`it has ${twice[0]} twice`);
  return Object.fromEntries(sorted);
}

function secretsOf(plan: Plan): readonly string[] {
  const changes = [
    ...[...plan.resource_changes, ...plan.resource_drift].map(({ change }) => change),
    ...Object.values(plan.output_changes),
  ];
  const declared = plan.configuration?.root_module?.variables ?? {};
  return [
    ...changes.flatMap((change) => [
      ...maskedTexts(change.before, change.before_sensitive),
      ...maskedTexts(change.after, change.after_sensitive),
    ]),
    ...Object.entries(plan.variables).flatMap(([name, { value }]) =>
      isSecretVariable(name, declared) ? maskedTexts(value, true) : [],
    ),
  ];
}

function isSecretVariable(
  name: string,
  declared: Readonly<Record<string, { sensitive?: boolean | undefined }>>,
): boolean {
  return declared[name]?.sensitive === true || namesSecret(name);
}

function variables(plan: Plan, secrets: KnownSecrets): JsonObject {
  const declared = plan.configuration?.root_module?.variables ?? {};
  return Object.fromEntries(
    Object.entries(plan.variables).map(([name, { value = null }]) => [
      name,
      isSecretVariable(name, declared) ? SENSITIVE : side(name, value, { secrets }),
    ]),
  );
}

/** Which arguments the stack sets, by its configuration in the plan. A plan that does not say lets nothing pass as the provider's own. */
function configured(plan: Plan): ReadPlan['isConfigured'] {
  const resources = plan.configuration?.root_module?.resources;
  const known = new Map((resources ?? []).map(({ address, expressions }) => [address, expressions ?? {}]));
  return (address, argument) => {
    if (resources === undefined) return true;
    const expressions = known.get(address.replace(/\[[^\]]*\]$/, ''));
    return expressions !== undefined && Object.hasOwn(expressions, argument);
  };
}

function deed(entry: Entry, isConfigured: ReadPlan['isConfigured'], secrets: KnownSecrets): Deed {
  const { change, address } = entry;
  const own = (argument: string): boolean => isConfigured(address, argument);
  const before = sideOf(change, 'before', own, secrets);
  const after = sideOf(change, 'after', own, secrets);
  const same = before !== undefined && after !== undefined && isSame(before, after);
  return {
    kind: `${entry.mode} ${entry.type}`,
    provider: entry.provider_name,
    actions: change.actions,
    ...(entry.previous_address === undefined ? {} : { previousAddress: entry.previous_address }),
    ...(change.importing?.id === undefined ? {} : { importing: change.importing.id }),
    ...(entry.action_reason === undefined ? {} : { reason: entry.action_reason }),
    ...(change.replace_paths === undefined || change.replace_paths.length === 0
      ? {}
      : { replacePaths: change.replace_paths }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined || same ? {} : { after }),
  };
}

function isSame(a: Json, b: Json): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** One side of a change, argument by argument. */
function sideOf(
  change: Change,
  which: 'before' | 'after',
  isOwn: (argument: string) => boolean,
  secrets: KnownSecrets,
): JsonObject | undefined {
  const value = change[which];
  if (!isObject(value)) return undefined;
  const unknown = which === 'after' && isObject(change.after_unknown) ? change.after_unknown : {};
  const names = [...new Set([...Object.keys(value), ...Object.keys(unknown)])].sort();
  const entries = names.map((name): readonly [string, Json] => [
    name,
    side(name, value[name], {
      secrets,
      ...masksOf(change, which, name),
      unknown: unknown[name],
      isOwn: isOwn(name),
    }),
  ]);
  return Object.fromEntries(entries.filter(([, each]) => each !== null));
}

function outputDeed(name: string, change: Change, secrets: KnownSecrets): JsonObject {
  const wrapped = (which: 'before' | 'after'): Json => {
    const other = which === 'before' ? 'after' : 'before';
    return side(name, change[which], {
      secrets,
      mask: change[`${which}_sensitive`],
      elsewhere: change[`${other}_sensitive`],
      changes: which === 'after' && !isSame(change.before ?? null, change.after ?? null),
      unknown: which === 'after' ? change.after_unknown : undefined,
      isOwn: true,
    });
  };
  return { actions: change.actions, before: wrapped('before'), after: wrapped('after') };
}

function masksOf(
  change: Change,
  which: 'before' | 'after',
  name: string,
): Pick<Shown, 'mask' | 'elsewhere' | 'changes'> {
  const other = which === 'before' ? 'after' : 'before';
  const at = (value: Json | undefined): Json => (isObject(value) ? (value[name] ?? null) : null);
  return {
    mask: below(change[`${which}_sensitive`], name),
    elsewhere: below(change[`${other}_sensitive`], name),
    // A secret that nobody may see still must not change unseen.
    changes: which === 'after' && isObject(change.before) && !isSame(at(change.before), at(change.after)),
  };
}

interface Shown {
  readonly secrets: KnownSecrets;
  readonly mask?: Json | undefined;
  readonly elsewhere?: Json | undefined;
  readonly unknown?: Json | undefined;
  /** Whether the value as a whole is another one than before. */
  readonly changes?: boolean;
  /** Whether the stack says it. */
  readonly isOwn?: boolean;
}

/** A value fit to be shown and compared: masked, what is unknown marked, and without what is not set. */
function side(name: string, value: Json | undefined, shown: Shown): Json {
  const { secrets, mask, elsewhere, unknown, changes = false, isOwn = true } = shown;
  if (unknown === true) return value === undefined || value === null ? UNKNOWN : CONTRADICTION;
  if (mask === true || namesSecret(name)) {
    return value === undefined || value === null ? null : changes ? SENSITIVE_CHANGED : SENSITIVE;
  }
  if (elsewhere === true) return value === undefined || value === null ? null : SENSITIVE_ELSEWHERE;
  const member = (key: string | number, item: Json | undefined): Json =>
    side(typeof key === 'number' ? '' : key, item, {
      ...shown,
      mask: below(mask, key),
      elsewhere: below(elsewhere, key),
      unknown: below(unknown, key),
    });
  if (Array.isArray(value)) return (value as readonly Json[]).map((item, index) => member(index, item));
  if (isObject(value) || holdsUnknown(unknown)) {
    const own = isObject(value) ? value : {};
    const names = [
      ...new Set([...Object.keys(own), ...(isObject(unknown) ? Object.keys(unknown) : [])]),
    ].sort();
    return Object.fromEntries(
      names.map((key) => [key, member(key, own[key])] as const).filter(([, each]) => each !== null),
    );
  }
  if (typeof value !== 'string') return value ?? null;
  if (secrets.areIn(value) || secretIn(value) !== undefined) return changes ? SENSITIVE_CHANGED : SENSITIVE;
  return !isOwn && TIMESTAMP.test(value) ? MOMENT : value;
}

function holdsUnknown(unknown: Json | undefined): boolean {
  return isObject(unknown) && Object.values(unknown).some((each) => each === true || holdsUnknown(each));
}
