import type { VerbContext } from '../lib/verb';
import { stopIfAsked } from '../lib/verb';

/**
 * Reads one thing after another, and shows how far it is.
 *
 * @param what for the progress: `reading tables`
 * @param nameOf an item, as messages show it
 * @throws InterruptedError on Ctrl-C
 */
export async function readInTurn<Item, Result>(
  { reporter, signal }: Pick<VerbContext, 'reporter' | 'signal'>,
  what: string,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  read: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const progress = reporter.progress(what, items.length, 'steps');
  const results: Result[] = [];
  for (const item of items) {
    stopIfAsked(signal, 'nothing was changed');
    progress.update(results.length, nameOf(item));
    results.push(await read(item));
  }
  progress.update(results.length);
  progress.finish();
  return results;
}
