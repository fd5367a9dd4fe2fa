import { booleanAt, describeGap, stringAt } from '../stack/attributes';
import type { Problem } from './rule';
import { problemAt } from './rule';
import type { Block } from '../stack/synthesized';

/**
 * A flag that must be as wanted, written out: the provider's defaults are not ours.
 *
 * @param why what follows where it is not, and the way out
 */
export function expectFlag(block: Block, argument: string, wanted: boolean, why: string): readonly Problem[] {
  const reading = booleanAt(block.body, argument);
  if (reading.state === 'value' && reading.value === wanted) return [];
  const what = reading.state === 'value' ? `is ${String(reading.value)}` : describeGap(reading);
  return [problemAt(block, argument, `${argument} ${what}: ${why}`)];
}

/** A word that must be one of those wanted, written out. */
export function expectWord(
  block: Block,
  argument: string,
  wanted: readonly string[],
  why: string,
): readonly Problem[] {
  const reading = stringAt(block.body, argument);
  if (reading.state === 'value' && wanted.includes(reading.value)) return [];
  const what = reading.state === 'value' ? `is ${reading.value}` : describeGap(reading);
  return [problemAt(block, argument, `${argument} ${what}: ${why}`)];
}
