import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateSchemas } from '../../config/schemas';
import type { GeneratedFile } from '../../config/schemas';
import { errorsDocument } from './error-codes';
import type { VerbResult } from './verb';

export interface SchemasDocument {
  readonly formatVersion: 1;
  /** The files that were not current: written, or under `check` only named. */
  readonly stale: readonly string[];
}

/** What is generated into the repository: the JSON Schemas that editors use, and the list of errors. Pure. */
export function generatedFiles(): GeneratedFile[] {
  return [...generateSchemas(), { path: 'docs/errors.md', text: errorsDocument() }];
}

/** Writes the generated files of a project; with `check`, says whether those in the repository are current. */
export function schemas(
  project: string,
  input: {
    readonly check: boolean;
    /** What rooms that this one may not know generate beside. @default - nothing */
    readonly more?: readonly GeneratedFile[];
  },
): VerbResult<SchemasDocument> {
  const all = [...generatedFiles(), ...(input.more ?? [])];
  const stale = all.filter((generated) => {
    const file = path.join(project, generated.path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== generated.text;
  });
  const names = stale.map((generated) => generated.path);
  const document = { formatVersion: 1, stale: names } as const;
  if (stale.length === 0) {
    return { document, text: `${String(all.length)} generated files are current.`, outcome: 'done' };
  }
  if (input.check) {
    return {
      document,
      text: `Not current: ${names.join(', ')}. Run npm run schemas and commit the result.`,
      outcome: 'failed',
    };
  }
  for (const { path: file, text } of stale) {
    mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    writeFileSync(path.join(project, file), text);
  }
  return { document, text: `Written: ${names.join(', ')}.`, outcome: 'done' };
}
