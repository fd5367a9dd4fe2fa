import type { Reading } from '../stack/attributes';
import { booleanAt, describe, stringAt } from '../stack/attributes';
import { blocksAt } from '../stack/blocks';
import type { Problem, ProblemOptions } from './rule';
import { problemAt, valueText } from './rule';
import type { Block } from '../stack/synthesized';

/** What is read of an argument, or of what lies in it, and how messages name it. */
export interface Subject<T> {
  readonly argument: string;
  readonly reading: Reading<T>;
  /** @default - the argument's name */
  readonly name?: string;
}

/**
 * A problem unless a value is written out and passes: the provider's defaults are not ours.
 *
 * @param why what follows where it does not, and the way out
 */
export function expectValue<T>(
  block: Block,
  { argument, reading, name = argument }: Subject<T>,
  passes: (value: T) => boolean,
  why: string,
  options: ProblemOptions = {},
): readonly Problem[] {
  if (reading.state === 'value' && passes(reading.value)) return [];
  return [problemAt(block, argument, `${name} ${describe(reading)}: ${why}`, options)];
}

/** A flag that must be as wanted, written out. */
export function expectFlag(block: Block, argument: string, wanted: boolean, why: string): readonly Problem[] {
  const reading = booleanAt(block.body, argument);
  return expectValue(block, { argument, reading }, (value) => value === wanted, why);
}

/** A word that must be one of those wanted, written out. */
export function expectWord(
  block: Block,
  argument: string,
  wanted: readonly string[],
  why: string,
  options: ProblemOptions = {},
): readonly Problem[] {
  const reading = stringAt(block.body, argument);
  return expectValue(block, { argument, reading }, (value) => wanted.includes(value), why, options);
}

/** Terraform has to refuse every plan that would destroy the resource. */
export function expectPreventDestroy(block: Block, why: string): readonly Problem[] {
  const [lifecycle = {}] = blocksAt(block.body, 'lifecycle');
  const name = 'lifecycle.prevent_destroy';
  const reading = booleanAt(lifecycle, 'prevent_destroy');
  return expectValue(block, { argument: 'lifecycle', name, reading }, (value) => value, why);
}

/** Arguments that nobody may set. */
export function expectUnset(block: Block, args: readonly string[], why: string): readonly Problem[] {
  return args
    .filter((argument) => (block.body[argument] ?? null) !== null)
    .map((argument) =>
      problemAt(block, argument, `${argument} is ${valueText(argument, block.body[argument])}: ${why}`),
    );
}
