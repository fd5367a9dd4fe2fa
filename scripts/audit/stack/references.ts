import type { Block } from './synthesized';

/** True where the argument is `${type.name.attribute}` of that resource, and nothing beside it. */
export function refersTo(value: unknown, block: Block, attribute = 'id'): boolean {
  return value === `\${${block.address}.${attribute}}`;
}
