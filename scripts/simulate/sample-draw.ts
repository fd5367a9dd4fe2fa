/**
 * Which blocks a sample reads. A table is cut into strata of neighbouring blocks, as many as there are draws, and one
 * block is drawn from each: rows that arrived together lie together, and this way every stretch of the table is seen in
 * proportion. Pure.
 */

/** One block of one leaf that is read, and how many blocks it stands for. */
export interface Draw {
  readonly leaf: number;
  readonly block: number;
  /** Blocks of its stratum. */
  readonly weight: number;
}

/**
 * @param leafBlocks blocks of each leaf
 * @param draws blocks to read, about; every leaf with rows is seen, so that many leaves take more
 * @param random gives numbers from 0 up to, not including, 1
 */
export function drawBlocks(leafBlocks: readonly number[], draws: number, random: () => number): Draw[] {
  const total = leafBlocks.reduce((sum, blocks) => sum + blocks, 0);
  return leafBlocks.flatMap((blocks, leaf) => {
    const strata = Math.min(blocks, Math.max(FEWEST_PER_LEAF, Math.round((draws * blocks) / total)));
    return Array.from({ length: strata }, (_, stratum) => {
      const first = Math.floor((stratum * blocks) / strata);
      const weight = Math.floor(((stratum + 1) * blocks) / strata) - first;
      return { leaf, block: first + Math.floor(random() * weight), weight };
    });
  });
}

/** Two blocks differ or not; one alone says nothing of the others. */
const FEWEST_PER_LEAF = 2;

/**
 * Random numbers that are the same for the same seed (mulberry32), so that a simulation of a table that did not change
 * gives the same answer again.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
