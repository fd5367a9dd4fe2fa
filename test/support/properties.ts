import { steering } from './environment';

/** How a property is tried, for fast-check. */
interface Cases {
  readonly numRuns: number;
  readonly seed?: number;
}

/**
 * With how many cases a property is tried: all where SCALEOUT_RANDOM_SHARE is 1, as in CI, and a tenth of them while one works.
 * They are others each time, unless SCALEOUT_RANDOM_SEED says where to draw from.
 *
 * @param all @default 100
 */
export function cases(all = 100): Cases {
  const seed = steering('SCALEOUT_RANDOM_SEED');
  return {
    numRuns: Math.ceil(all * Number(steering('SCALEOUT_RANDOM_SHARE') ?? 0.1)),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}
