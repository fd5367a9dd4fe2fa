import type { Json, JsonObject } from './synthesized';
import { isObject } from './synthesized';

/** The blocks of an argument that Terraform takes once or many times, written as one object or as a list. */
export function blocksAt(body: JsonObject, name: string): readonly JsonObject[] {
  const value = body[name];
  const list: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value ?? null];
  return list.filter((each): each is JsonObject => isObject(each));
}
