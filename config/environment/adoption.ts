import { z } from 'zod';
import { partOf } from '../file/schema-types';

/**
 * How far a cluster that was there before is taken over: `adopting` until its first deploy, which imports it and changes
 * nothing, and `adopted` from then on.
 */
export type Adoption = 'none' | 'adopting' | 'adopted';

const adoptedOrigin = z.looseObject({ adopt: z.string(), imported: z.unknown().optional() });

/** Reads it from an origin, as a file or its settings have it. */
export function adoptionOf(origin: unknown): Adoption {
  const read = adoptedOrigin.safeParse(origin);
  if (!read.success) return 'none';
  return read.data.imported === true ? 'adopted' : 'adopting';
}

/** The part of a file that says it, for rules that read something beside it. */
export const readsAdoption = partOf({ origin: z.unknown().optional() })
  .transform(({ origin }) => adoptionOf(origin))
  .catch('none');
