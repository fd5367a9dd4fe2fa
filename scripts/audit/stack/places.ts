import type { Json } from './synthesized';
import { isObject } from './synthesized';

/** Where values stand within a block, as in `network_acls.bypass`; a list of blocks is passed through. */
export function places(value: Json, at = ''): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((item) => places(item, at));
  if (isObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => places(item, at === '' ? key : `${at}.${key}`));
  }
  // What is null is not set.
  return value === null ? [] : [at];
}
