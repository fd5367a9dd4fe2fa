import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateSchemas, staleSchemas } from '../../config/schemas';
import type { VerbResult } from './verb';

export interface SchemasDocument {
  readonly formatVersion: 1;
  /** The schemas that were not what the parsers say: written, or under `check` only named. */
  readonly stale: readonly string[];
}

/** Writes the JSON Schemas that editors use; with `check`, says whether those in the repository are current. */
export function schemas(project: string, input: { readonly check: boolean }): VerbResult<SchemasDocument> {
  const stale = staleSchemas(project);
  const names = stale.map((schema) => schema.path);
  const document = { formatVersion: 1, stale: names } as const;
  if (stale.length === 0) {
    return { document, text: `${String(generateSchemas().length)} schemas are current.`, outcome: 'done' };
  }
  if (input.check) {
    return {
      document,
      text: `${names.join(', ')}: not what the parser says today. Run npm run schemas and commit the result.`,
      outcome: 'failed',
    };
  }
  for (const { path: file, text } of stale) {
    mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    writeFileSync(path.join(project, file), text);
  }
  return { document, text: `Written: ${names.join(', ')}.`, outcome: 'done' };
}
