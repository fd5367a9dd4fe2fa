import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { bootstrapSchema } from './environment/bootstrap-schema';
import { distributionSchema } from './workload/distribution';
import { environmentSchema } from './environment/environment-schema';

/** A JSON Schema for editors, as it stands in the repository. */
export interface GeneratedSchema {
  /** Relative to the directory of the project. */
  readonly path: string;
  readonly text: string;
}

const SCHEMAS = [
  { leaf: 'bootstrap', title: 'Where the remote state lives', schema: bootstrapSchema },
  { leaf: 'environment', title: 'An environment', schema: environmentSchema },
  { leaf: 'distribution', title: 'The distribution of a database', schema: distributionSchema },
] as const;

/** The JSON Schemas of everything people edit, generated from the parsers. */
export function generateSchemas(): GeneratedSchema[] {
  return SCHEMAS.map(({ leaf, title, schema }) => {
    const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', override: withoutSafeIntegerBounds });
    return {
      path: `config/schemas/${leaf}.schema.json`,
      text: `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`,
    };
  });
}

/** The bounds of what JavaScript can count say nothing to a reader. */
function withoutSafeIntegerBounds({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** The schemas whose file in `project` is missing or not what the parsers say today. */
export function staleSchemas(project: string = path.dirname(__dirname)): GeneratedSchema[] {
  return generateSchemas().filter((generated) => {
    const file = path.join(project, generated.path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== generated.text;
  });
}
