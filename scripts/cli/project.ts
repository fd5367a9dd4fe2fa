/** Verbs about this project: the schemas of its files, and its figures. */
import path from 'node:path';
import { BENCH_NAMES } from '../bench/names';
import type { AddVerb, Group } from './command';
import { wholeNumber } from './flags';

/** Adds `schemas`. */
export function addSchemas(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('schemas')
      .description('write the JSON Schemas of config/ for editors, docs/errors.md and docs/audit-rules.md')
      .option('--check', 'only say whether they are current'),
    async (_, { check }) => {
      const { schemas } = await import('../lib/schemas.ts');
      const { rulesFile } = await import('../audit/rules-document.ts');
      return schemas(path.resolve(__dirname, '../..'), { check: check === true, more: [rulesFile()] });
    },
  );
}

/** Adds `bench`. */
export function addBench(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('bench [name]')
      .description(`measure our figures beside a peer's, in one run: ${BENCH_NAMES.join(', ')}`)
      .option('--runs <count>', 'paired runs (default: 5, or 1 where a pair takes minutes)', wholeNumber(1)),
    async (context, { runs }, name) => {
      const { bench } = await import('../bench/commands.ts');
      return bench(context, { name, runs });
    },
  );
}
