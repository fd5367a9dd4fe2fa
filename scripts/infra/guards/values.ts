import { allOf } from '../../../config/text/text';
import { namesSecret, secretIn } from '../../audit/stack/secrets';
import type { Json, JsonObject } from '../../audit/stack/synthesized';
import { isObject } from '../../audit/stack/synthesized';
import type { ResourceChange } from './plan-json';

/** One argument of a resource before and after, fit to be shown: what is secret reads `(sensitive)`. */
export interface ShownValue {
  readonly attribute: string;
  readonly before: Json;
  readonly after: Json;
}

export const SENSITIVE = '(sensitive)';
const UNKNOWN = '(known after apply)';

/**
 * An argument's two values, with every secret masked: by Terraform's masks, by its name, and by what it looks like. What
 * is a secret on one side is one on both.
 */
export function shownValue(change: ResourceChange, attribute: string): ShownValue {
  const sensitive = [at(change.beforeSensitive, attribute), at(change.afterSensitive, attribute)];
  const shown = (value: Json): Json =>
    sensitive.reduce<Json>((masked, each) => mask(attribute, masked, each), value);
  return {
    attribute,
    before: shown(change.before?.[attribute] ?? null),
    after: isUnknown(change, attribute) ? UNKNOWN : shown(change.after?.[attribute] ?? null),
  };
}

/** True where only the apply will tell what the argument is. */
export function isUnknown(change: ResourceChange, attribute: string): boolean {
  return holdsTrue(at(change.afterUnknown, attribute));
}

/** Arguments whose value is another one afterwards, or may be. */
export function changedAttributes(change: ResourceChange): readonly string[] {
  const names = new Set([
    ...Object.keys(change.before ?? {}),
    ...Object.keys(change.after ?? {}),
    ...(isObject(change.afterUnknown) ? Object.keys(change.afterUnknown) : []),
  ]);
  return [...names]
    .filter(
      (name) =>
        isUnknown(change, name) ||
        JSON.stringify(change.before?.[name] ?? null) !== JSON.stringify(change.after?.[name] ?? null),
    )
    .sort();
}

/** Of two objects, such as tags, what is not the same in both. */
export function differing({ before, after }: ShownValue): Pick<ShownValue, 'before' | 'after'> {
  if (!isObject(before) || !isObject(after)) return { before, after };
  const only = (value: JsonObject, other: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(value).filter(([key, each]) => JSON.stringify(each) !== JSON.stringify(other[key])),
    );
  return { before: only(before, after), after: only(after, before) };
}

/** A value as text: `not set`, `true`, `13`, `westus2`, `none`, `owner=me and team=core`. */
export function valueText(value: Json): string {
  if (value === null) return 'not set';
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    return items.length === 0 ? 'none' : items.map((item) => valueText(item)).join(', ');
  }
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const members = Object.entries(value).map(([key, each]) => `${key}=${valueText(each)}`);
  return members.length === 0 ? 'none' : allOf(members);
}

function mask(name: string, value: Json, sensitive: Json | undefined): Json {
  if (value === null) return null;
  if (sensitive === true || namesSecret(name)) return SENSITIVE;
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => mask('', item, at(sensitive, index)));
  }
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, mask(key, item, at(sensitive, key))]),
    );
  }
  return typeof value === 'string' && secretIn(value) !== undefined ? SENSITIVE : value;
}

function at(mask: Json | undefined, key: string | number): Json | undefined {
  if (mask === true) return true;
  if (Array.isArray(mask)) return (mask as readonly Json[])[Number(key)];
  return isObject(mask) ? mask[key] : undefined;
}

function holdsTrue(mask: Json | undefined): boolean {
  if (mask === true) return true;
  if (Array.isArray(mask)) return (mask as readonly Json[]).some(holdsTrue);
  return isObject(mask) && Object.values(mask).some(holdsTrue);
}
