import { randomNumbers } from '../../scripts/local/workloads/generate';

/** Random choices that a seed decides. */
export interface Chance {
  /** From 0 to `limit` - 1. */
  readonly below: (limit: number) => number;
  /** True in that share of the asks. */
  readonly is: (share: number) => boolean;
  readonly pick: <T>(from: readonly [T, ...T[]]) => T;
  /** One of the list, each as often as its weight says; undefined where there is none. */
  readonly weighed: <T extends { readonly weight: number }>(from: readonly T[]) => T | undefined;
}

export function chance(seed: number): Chance {
  // Seeds next to each other are to have nothing in common.
  const random = randomNumbers(Math.imul(seed + 1, 0x9e3779b1));
  for (let warm = 0; warm < 10; warm += 1) random();
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    is: (share) => random() < share,
    pick: (from) => from[below(from.length)] ?? from[0],
    weighed(from) {
      let left = random() * from.reduce((sum, { weight }) => sum + weight, 0);
      return from.find(({ weight }) => (left -= weight) < 0);
    },
  };
}
