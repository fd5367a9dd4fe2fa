import { z } from 'zod';
import { contentDigest } from '../lib/digest';

/**
 * Everything that decides what is deployed and is not an environment's own: the program that synthesizes, with its packages
 * and versions, the workloads, and the policy of the owners. The files of environments, and of where states lie, are what
 * may differ between two deploys of one release.
 */
export interface Release {
  readonly formatVersion: 1;
  readonly digest: string;
  /** Sorted by path, as the project has them; `config/` wherever it lies. */
  readonly files: readonly ReleaseFile[];
}

export interface ReleaseFile {
  readonly path: string;
  readonly sha256: string;
}

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
export const releaseSchema = z.strictObject({
  formatVersion: z.literal(1),
  digest: sha256,
  files: z.array(z.strictObject({ path: z.string(), sha256 })),
});

/** The release that files are. Pure. */
export function releaseOf(files: readonly ReleaseFile[]): Release {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { formatVersion: 1, digest: contentDigest({ files: sorted }), files: sorted };
}

/** The files in which two releases differ, sorted. Pure. */
export function changedFiles(before: Release, after: Release): readonly string[] {
  const [was, is] = [before, after].map(
    ({ files }) => new Map(files.map(({ path, sha256: hash }) => [path, hash])),
  );
  const all = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])]);
  return [...all].filter((path) => was?.get(path) !== is?.get(path)).sort();
}
