import type { Block, Json, JsonObject, Synthesized } from '../stack/synthesized';
import { isObject, leaves, section } from '../stack/synthesized';

/** Something of a stack that has an address, and so can be held against its like in another. */
export interface Part {
  /** Terraform's address, or `output.x`, `variable.x`, `provider.x`, `data.x`, `terraform`. */
  readonly address: string;
  readonly type: string;
  /** True for what an apply creates and destroys. */
  readonly resource: boolean;
  readonly constructPath: string;
  readonly body: JsonObject;
}

/** Everything of a stack that has an address, by address, in the order of the file. */
export function partsOf(stack: Synthesized): ReadonlyMap<string, Part> {
  const parts: Part[] = stack.resources.map((block) => ({
    address: block.address,
    type: block.type,
    resource: true,
    constructPath: block.constructPath,
    body: resolved(block, stack.resources),
  }));
  const other = { resource: false, constructPath: stack.environment };
  for (const type of ['data', 'output', 'variable', 'provider']) {
    for (const [name, body] of Object.entries(section(stack, type))) {
      parts.push({
        ...other,
        address: `${type}.${name}`,
        type,
        // Providers are lists, one entry to an alias.
        body: isObject(body) ? body : Object.fromEntries([body].flat().entries()),
      });
    }
  }
  parts.push({ ...other, address: 'terraform', type: 'terraform', body: section(stack, 'terraform') });
  return new Map(parts.map((part) => [part.address, part]));
}

/** `${type.name.argument}` and nothing beside it. */
const PLAIN_REFERENCE = /^\$\{([a-z]\w*\.[\w-]+)\.(\w+)\}$/;

/**
 * A resource's arguments with plain references to other resources' written-out arguments filled in: a cluster takes
 * its location from its resource group, and moving the group replaces the cluster without a word in its own block.
 */
function resolved(block: Block, resources: readonly Block[]): JsonObject {
  const entries = Object.entries(block.body).map(([name, value]): readonly [string, Json] => {
    const [, address, argument] = PLAIN_REFERENCE.exec(typeof value === 'string' ? value : '') ?? [];
    const target = resources.find((candidate) => candidate.address === address)?.body[argument ?? ''];
    return [name, isScalar(target) ? target : value];
  });
  return Object.fromEntries(entries);
}

function isScalar(value: Json | undefined): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Leaf values by dotted path: `maintenance_window.day_of_week`. */
export function flatten(body: JsonObject): ReadonlyMap<string, Json> {
  return new Map(
    leaves(body)
      .filter((leaf) => leaf.value !== null)
      .map((leaf) => [
        leaf.pointer
          .slice(1)
          .split('/')
          .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
          .join('.'),
        leaf.value,
      ]),
  );
}
