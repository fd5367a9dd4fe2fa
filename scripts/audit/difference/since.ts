import type { Synthesized } from '../stack/synthesized';
import type { DifferenceDocument } from './difference';
import { difference } from './difference';

/** What every environment becomes since a release: `audit diff --since`. */
export interface SinceDocument {
  readonly formatVersion: 1;
  /** What people call the release. */
  readonly since: string;
  /** Those that are there on both sides, by name. */
  readonly environments: readonly (DifferenceDocument & { readonly environment: string })[];
  /** Those that the release did not have. */
  readonly added: readonly string[];
  /** Those that only the release has: nothing takes their clusters down, and nothing looks after them any more. */
  readonly gone: readonly string[];
}

/** Holds stacks against those of a release, value by value: sizes, names and all. Pure. */
export function differenceSince(
  since: string,
  before: readonly Synthesized[],
  after: readonly Synthesized[],
): SinceDocument {
  const names = (stacks: readonly Synthesized[]): readonly string[] =>
    stacks.map(({ environment }) => environment);
  return {
    formatVersion: 1,
    since,
    environments: after.flatMap((stack) => {
      const { environment } = stack;
      const old = before.find((each) => each.environment === environment);
      if (old === undefined) return [];
      const sides = [
        { label: `${environment} of ${since}`, stack: old },
        { label: environment, stack },
      ] as const;
      return [{ environment, ...difference(...sides) }];
    }),
    added: names(after).filter((name) => !names(before).includes(name)),
    gone: names(before).filter((name) => !names(after).includes(name)),
  };
}
