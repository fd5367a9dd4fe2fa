/** Verbs about this project: the schemas of its files, and its figures. */
import path from 'node:path';
import { BENCHES, bench } from '../bench/commands';
import { schemas } from '../lib/schemas';
import type { AddVerb, Group } from './command';
import { wholeNumber } from './flags';

export function addSchemas(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('schemas')
      .description('write the JSON Schemas of config/ for editors, and docs/errors.md')
      .option('--check', 'only say whether they are current'),
    (_, { check }) => schemas(path.resolve(__dirname, '../..'), { check: check === true }),
  );
}

export function addBench(program: Group, verb: AddVerb): void {
  verb(
    program
      .command('bench [name]')
      .description(`measure our figures beside a peer's, in one run: ${Object.keys(BENCHES).join(', ')}`)
      .option('--runs <count>', 'paired runs (default: 5, or 1 where a pair takes minutes)', wholeNumber(1)),
    (context, { runs }, name) => bench(context, { name, runs }),
  );
}
