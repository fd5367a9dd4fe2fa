import { steering } from './environment';

/**
 * With how many cases a property is tried: all where SCALEOUT_RANDOM_SHARE is 1, as in CI, and a tenth of them while one works.
 *
 * @param all @default 100
 */
export function runs(all = 100): number {
  return Math.ceil(all * Number(steering('SCALEOUT_RANDOM_SHARE') ?? 0.1));
}
