import { randomNumbers } from '../../scripts/local/workloads/generate';

/** Random numbers of a trial. */
export function numbersOf(seed: number): () => number {
  // Seeds side by side are to have nothing in common.
  const random = randomNumbers(Math.imul(seed + 1, 0x9e3779b1));
  for (let warm = 0; warm < 10; warm += 1) random();
  return random;
}
