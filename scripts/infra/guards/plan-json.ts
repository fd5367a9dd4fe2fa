import { z } from 'zod';
import { allOf } from '../../../config/text/text';
import type { Json, JsonObject } from '../../audit/stack/synthesized';
import { refused, ScaleoutError } from '../../lib/errors';
import { RepeatedKeyError } from '../../lib/strict-json';
import { terraformDocument } from '../terraform-answers';

export type Action = 'no-op' | 'create' | 'read' | 'update' | 'delete' | 'forget';

/** What a plan does to one resource, or what a refresh found to have happened to it. */
export interface ResourceChange {
  readonly address: string;
  /** Where the state had it, if it moved. */
  readonly previousAddress?: string;
  readonly type: string;
  /** Set for an object that a broken-off replacement left behind. */
  readonly deposed?: string;
  /** `delete` and `create` together are a replacement. */
  readonly actions: readonly Action[];
  /** Null where it does not exist yet. Holds secrets in clear text: only the masks below tell. */
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** True, or holding true, wherever only the apply will tell the value. */
  readonly afterUnknown: Json;
  readonly beforeSensitive: Json;
  readonly afterSensitive: Json;
  /** Paths of the arguments that force a replacement. */
  readonly replacePaths: readonly (readonly (string | number)[])[];
  /** The resource id, where the apply takes over something that exists in Azure. */
  readonly importing?: string;
}

/** Terraform's plan, as far as it is judged here. */
export interface TerraformPlan {
  /** Of managed resources, without those that nothing happens to. */
  readonly changes: readonly ResourceChange[];
  /** Of managed resources too: these are the same in Azure, in the state and in the configuration. */
  readonly unchanged: readonly ResourceChange[];
  /** What happened past Terraform since its last run. */
  readonly drift: readonly ResourceChange[];
  /** Names of outputs whose value changes. */
  readonly outputs: readonly string[];
}

/** What was read once is known to be JSON: checking every value of a whole state again would take its time. */
const json = z.custom<Json>(() => true);
const object = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const ACTIONS = ['no-op', 'create', 'read', 'update', 'delete', 'forget'] as const;

const changeSchema = z.object({
  address: z.string().min(1),
  previous_address: z.string().optional(),
  mode: z.string(),
  type: z.string().min(1),
  deposed: z.string().optional(),
  change: z.object({
    actions: z.array(z.enum(ACTIONS)).min(1),
    before: object.nullish(),
    after: object.nullish(),
    after_unknown: json.optional(),
    before_sensitive: json.optional(),
    after_sensitive: json.optional(),
    replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).optional(),
    importing: z.object({ id: z.string().optional() }).optional(),
  }),
});

const planSchema = z.object({
  resource_changes: z.array(changeSchema).optional(),
  resource_drift: z.array(changeSchema).optional(),
  output_changes: z.record(z.string(), z.object({ actions: z.array(z.string()) })).optional(),
  errored: z.boolean().optional(),
  complete: z.boolean().optional(),
  deferred_changes: z
    .array(z.object({ resource_change: z.object({ address: z.string() }).optional() }))
    .nullish(),
});

/**
 * Parses what `terraform show -json PLANFILE` printed, format 1.x: keys that are new are left alone, another major
 * version is refused, because nobody can say what it means.
 *
 * @throws ScaleoutError when it is no such plan; refused where Terraform left out a part of what is to be done
 */
export function parsePlan(text: string): TerraformPlan {
  let printed: unknown;
  try {
    printed = terraformDocument(text);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    throw unreadable(cause instanceof RepeatedKeyError ? cause.message : 'it is not JSON', error);
  }
  const version = z.object({ format_version: z.string() }).safeParse(printed);
  if (!version.success) throw unreadable('it names no format_version', version.error);
  if (!/^1\.\d+$/.test(version.data.format_version)) {
    throw unreadable(
      `its format_version is ${version.data.format_version}, and the guards know 1.x: use the Terraform that .terraform-version names`,
    );
  }
  const parsed = planSchema.safeParse(printed);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    // The values of a plan hold passwords in clear text, so a fault is named by its place alone.
    throw unreadable(`${where} is not what format 1.x says`);
  }
  const {
    resource_changes: changes = [],
    resource_drift: drift = [],
    output_changes: outputs = {},
  } = parsed.data;
  if (parsed.data.errored === true) throw unreadable('it is the plan of a run that failed');
  requireComplete(parsed.data);
  const managed = changes.filter(({ mode }) => mode === 'managed').map(changeOf);
  const idle = ({ actions, importing, previousAddress }: ResourceChange): boolean =>
    actions.join() === 'no-op' && importing === undefined && previousAddress === undefined;
  return {
    changes: managed.filter((change) => !idle(change)),
    unchanged: managed.filter(idle),
    drift: drift.filter(({ mode }) => mode === 'managed').map(changeOf),
    outputs: Object.entries(outputs)
      .filter(([, { actions }]) => actions.join() !== 'no-op')
      .map(([name]) => name),
  };
}

/** What a plan leaves for later no guard has seen, and the apply of it is no apply of the config. */
function requireComplete({ complete, deferred_changes: deferred }: z.output<typeof planSchema>): void {
  const left = (deferred ?? []).map(({ resource_change: change }) => change?.address ?? 'a resource');
  if (left.length === 0 && complete !== false) return;
  const what =
    left.length === 0
      ? 'Terraform says that applying it does not do all that the config asks for'
      : `it leaves ${allOf([...new Set(left)].sort())} for a later one`;
  throw refused(
    'infra.plan-incomplete',
    `the plan is incomplete, so nothing is applied: ${what}. Take -target and -allow-deferral out of the arguments of Terraform (TF_CLI_ARGS, TF_CLI_ARGS_plan), and plan again`,
  );
}

function changeOf({ change, ...entry }: z.output<typeof changeSchema>): ResourceChange {
  return {
    address: entry.address,
    type: entry.type,
    ...(entry.previous_address === undefined ? {} : { previousAddress: entry.previous_address }),
    ...(entry.deposed === undefined ? {} : { deposed: entry.deposed }),
    actions: change.actions,
    before: change.before ?? null,
    after: change.after ?? null,
    afterUnknown: change.after_unknown ?? false,
    beforeSensitive: change.before_sensitive ?? false,
    afterSensitive: change.after_sensitive ?? false,
    replacePaths: change.replace_paths ?? [],
    ...(change.importing?.id === undefined ? {} : { importing: change.importing.id }),
  };
}

function unreadable(why: string, cause?: unknown): ScaleoutError {
  return new ScaleoutError(
    'infra.plan-unreadable',
    `the plan cannot be judged, so nothing is applied: ${why}`,
    { cause },
  );
}

/** True where Terraform deletes the resource and creates it again. */
export function isReplacement({ actions }: ResourceChange): boolean {
  return actions.includes('delete') && actions.includes('create');
}

/** True where nothing changes in Azure, though the state may. */
export function changesNothing({ actions }: ResourceChange): boolean {
  return actions.join() === 'no-op';
}

/** True where the object in Azure goes, whether or not another one comes. */
export function destroys({ actions }: ResourceChange): boolean {
  return actions.includes('delete');
}
