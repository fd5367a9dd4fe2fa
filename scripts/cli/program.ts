/** Wiring only: which verbs there are, and how a run of the program ends. What a verb does lives in the folder named after it. */
import { Command, CommanderError } from '@commander-js/extra-typings';
import { ConfigError } from '../../config/file/config-error';
import { errorDocument, EXIT, explain, ScaleoutError } from '../lib/errors';
import { addAdopt } from './adopt';
import { addAdvise } from './advise';
import { addAudit } from './audit';
import { verbsOf } from './command';
import { addCompare } from './compare';
import { addInfra } from './infra';
import type { Io } from './io';
import { printDocument } from './io';
import { addLocal } from './local';
import { addBench, addSchemas } from './project';
import { addRebalance } from './rebalance';
import { addRelease } from './release';
import { addRoles } from './roles';
import { addSimulate } from './simulate';
import { addTables } from './tables';

/** In the order in which `--help` lists them. */
const FAMILIES = [
  addAdopt,
  addInfra,
  addRelease,
  addRoles,
  addTables,
  addAdvise,
  addSimulate,
  addRebalance,
  addCompare,
  addAudit,
  addLocal,
  addSchemas,
  addBench,
];

/**
 * Runs one command line.
 *
 * @param argv what follows the program's name
 * @returns the exit status: 0 done, 1 failed, 2 changes pending, 3 refused by a guard or a rule
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let status: number = EXIT.done;
  const asJson = argv.includes('--json');
  const program = new Command('scaleout')
    .description('Takes PostgreSQL with Citus on Azure from one node to a distributed cluster.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  const verb = verbsOf(io, (code) => {
    status = code;
  });
  for (const addFamily of FAMILIES) addFamily(program, verb);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed its own words already; --help and --version end with 0.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      const usage = new ScaleoutError('input.usage', error.message.replace(/^error: /, ''));
      if (asJson) await printDocument(io, errorDocument(usage));
      return EXIT.failed;
    }
    if (asJson) await printDocument(io, errorDocument(error));
    io.stderr.write(`error: ${explain(error)}\n`);
    const foreseen = error instanceof ScaleoutError || error instanceof ConfigError;
    if (argv.includes('--debug')) io.stderr.write(`${error instanceof Error ? String(error.stack) : ''}\n`);
    else if (!foreseen) io.stderr.write('(--debug shows where this came from)\n');
    return error instanceof ScaleoutError ? error.exitCode : EXIT.failed;
  }
}
