import type { Synthesized } from './synthesized';

/** The construct a place of the file belongs to: its resource's, or the stack's where it is no resource. */
export function constructPathAt(stack: Synthesized, at: string): string {
  const owner = stack.resources.find((block) => at === block.pointer || at.startsWith(`${block.pointer}/`));
  return owner?.constructPath ?? stack.environment;
}
