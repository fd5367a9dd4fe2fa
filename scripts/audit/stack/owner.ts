import type { Synthesized } from './synthesized';

/** The construct a place of the file belongs to: its resource's, or the stack's where it is no resource. */
export function constructPathAt(stack: Synthesized, at: string): string {
  const owner = stack.resources.find((block) => at === block.pointer || at.startsWith(`${block.pointer}/`));
  return owner?.constructPath ?? stack.environment;
}

/**
 * The id of a problem that may stand anywhere: what it is, and where within its construct, as in
 * `literal:output.p.value`. Without the place, one waiver would answer for every other place of the stack.
 */
export function checkAt(check: string, stack: Synthesized, at: string): string {
  const owner = stack.resources.find((block) => at.startsWith(`${block.pointer}/`));
  const within = at.slice((owner?.pointer.length ?? 0) + 1);
  return `${check}:${within.replaceAll('/', '.')}`;
}
