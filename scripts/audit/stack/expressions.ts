import type { Synthesized } from './synthesized';

/** `${type.name.attribute}` and nothing beside it. */
const REFERENCE = /^\$\{(data\.)?([a-z][a-z0-9_]*)\.([A-Za-z_][\w-]*)\.([a-z_]+)\}$/;

/** What a plain reference names. */
export interface Reference {
  readonly isData: boolean;
  readonly type: string;
  readonly name: string;
  readonly attribute: string;
}

/** The reference that a value is, and nothing beside it; undefined for any other value. */
export function plainReference(value: unknown): Reference | undefined {
  const [, data, type, name, attribute] = (typeof value === 'string' ? REFERENCE.exec(value) : null) ?? [];
  if (type === undefined || name === undefined || attribute === undefined) return undefined;
  return { isData: data !== undefined, type, name, attribute };
}

/** True where the stack declares what the reference names. */
export function isDeclared({ document, resources }: Synthesized, { isData, type, name }: Reference): boolean {
  if (!isData) return resources.some((block) => block.type === type && block.name === name);
  const data = document['data'];
  const named =
    typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[type] : undefined;
  return typeof named === 'object' && named !== null && name in named;
}
