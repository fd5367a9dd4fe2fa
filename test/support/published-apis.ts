import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LaneStatus } from './lanes';

/** A service whose API is published as an OpenAPI file, in a version that the stand-in for Azure speaks. */
export interface PublishedApi {
  /** Its folder below `specification` in github.com/Azure/azure-rest-api-specs. */
  readonly folder: string;
  /** The folder that today's layout has besides, and the older one has not. */
  readonly part: string;
  readonly version: string;
  readonly file: string;
}

export const PUBLISHED = {
  clusters: {
    folder: 'postgresqlhsc',
    part: 'PostgresqlHsc',
    version: '2022-11-08',
    file: 'postgresqlhsc.json',
  },
  servers: { folder: 'postgresql', part: 'PostgreSQL', version: '2025-08-01', file: 'openapi.json' },
} satisfies Readonly<Record<string, PublishedApi>>;

/** The file of a service in a copy of the repository, by today's layout or else by the older one; undefined for none. */
export function publishedFile(
  copy: string,
  { folder, part, version, file }: PublishedApi,
): string | undefined {
  const provider = join(copy, 'specification', folder, 'resource-manager', 'Microsoft.DBforPostgreSQL');
  return [join(provider, part), provider]
    .map((layout) => join(layout, 'stable', version, file))
    .find(existsSync);
}

/** Whether a copy of the repository has every file that the lane needs. @param copy empty for no copy */
export function specsStatus(copy: string): LaneStatus {
  if (copy === '') {
    return {
      runs: false,
      reason: 'AZURE_API_SPECS names no copy of github.com/Azure/azure-rest-api-specs',
    };
  }
  const missing = Object.values(PUBLISHED).filter((api) => publishedFile(copy, api) === undefined);
  if (missing.length === 0) return { runs: true, reason: copy };
  const files = missing.map(({ folder, version, file }) => `${folder}/…/${version}/${file}`).join(' and ');
  return { runs: false, reason: `AZURE_API_SPECS names ${copy}, which has no ${files} below specification` };
}
