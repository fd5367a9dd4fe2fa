import { z } from 'zod';
import { bootstrapSchema } from './environment/bootstrap-schema';
import { distributionSchema } from './workload/distribution';
import { environmentSchema } from './environment/environment-schema';

/** A file that this program writes into the repository. */
export interface GeneratedFile {
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
export function generateSchemas(): GeneratedFile[] {
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
