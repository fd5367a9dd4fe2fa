import { plainReference } from '../stack/expressions';
import type { Block, Json, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';
import type { Problem } from './rule';
import { problemAt } from './rule';

/** What an argument has to name: a resource of the same stack. */
export interface OwnReference {
  readonly types: readonly string[];
  /** Types of the resources it may name. */
  readonly targets: readonly string[];
  /** @default 'id' */
  readonly attribute?: string;
  /** What follows where it names something else, and the way out. */
  readonly why: string;
}

/** True where the value is a reference to a resource of the stack, of one of the types. */
export function isOwn(
  stack: Synthesized,
  value: Json | undefined,
  targets: readonly string[],
  attribute = 'id',
): boolean {
  const reference = plainReference(value);
  return (
    reference !== undefined &&
    !reference.isData &&
    targets.includes(reference.type) &&
    reference.attribute === attribute &&
    resourcesOf(stack, reference.type).some(({ name }) => name === reference.name)
  );
}

/** The resources whose argument names nothing of this stack. */
export function strangers(
  stack: Synthesized,
  argument: string,
  { types, targets, attribute, why }: OwnReference,
): readonly Problem[] {
  return resourcesOf(stack, ...types).flatMap((block) =>
    isOwn(stack, block.body[argument], targets, attribute)
      ? []
      : [strange(block, argument, block.body[argument], why)],
  );
}

/** A value that names nothing of this stack. */
export function strange(block: Block, argument: string, value: Json | undefined, why: string): Problem {
  const shown = value === undefined || value === null ? 'is not set' : `is ${JSON.stringify(value)}`;
  return problemAt(block, argument, `${argument} ${shown}, which is nothing of this stack: ${why}`);
}
