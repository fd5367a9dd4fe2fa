/** Flags that several verbs have. Those of one verb stand with the verb. */
import type { Command } from '@commander-js/extra-typings';
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { TRANSFER_MODES } from '../citus/transfer-mode';
import { STRATEGIES } from '../citus/strategy';

/** Adds the flags that name a database. */
export function withDatabase(command: Command) {
  return command
    .option('--env <name>', 'the database of a deployed environment, by its Terraform outputs')
    .addOption(
      new Option('--url <url>', 'postgresql://USER@HOST:PORT/DATABASE, the password in PGPASSWORD').conflicts(
        'env',
      ),
    );
}

/** Adds the flags that name a database and say how it should be distributed. */
export function withDistribution(command: Command) {
  return withDatabase(command)
    .option('--spec <file>', 'the distribution.yaml that says how the database should be')
    .addOption(new Option('--workload <name>', 'that of a workload in config/workloads').conflicts('spec'));
}

/** `--queries FILE`. @param what what happens to the queries, as the help says it */
export function queriesFile(what: string) {
  return new Option(
    '--queries <file>',
    `what runs all day, as config/workloads/*/queries.sql; ${what}; by default those of the workload`,
  );
}

/** `--strict`, of the verbs that hold a database against a specification. */
export function strict() {
  return new Option('--strict', 'fail when the database has tables that the specification does not name');
}

/** `--detailed-exitcode`, of the plan verbs. */
export function detailedExitcode() {
  return new Option('--detailed-exitcode', 'exit with 2 when there is something to do');
}

/** `--strategy NAME`, of the verbs that balance shards. */
export function strategy() {
  return new Option('--strategy <name>', 'what is to be equal').choices(STRATEGIES);
}

/** `--mode NAME`, of the verbs that move shards. */
export function transferMode() {
  return new Option('--mode <name>', 'how a shard is copied').choices(TRANSFER_MODES);
}

/** `--allow ID`, as often as needed. @param what what an id allows, as the help says it */
export function allowances(what: string) {
  return new Option('--allow <id>', `${what}; repeatable`)
    .default<readonly string[]>([], 'nothing')
    .argParser(oneMore);
}

/** `--log FILE`, as often as needed. */
export function serverLogs() {
  return new Option(
    '--log <file>',
    'a log of the server (jsonlog, csvlog or plain lines) with statements, durations or plans of auto_explain; repeatable',
  )
    .default<readonly string[]>([], 'none')
    .argParser(oneMore);
}

function oneMore(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

/** Of a plan of Terraform: what a guard asks a yes for. */
export function guardAllowances() {
  return allowances('go ahead with what a guard calls by this id');
}

/** `--receipts DIR`, of the verbs that apply a plan of Terraform. */
export function receiptsDirectory() {
  return new Option(
    '--receipts <dir>',
    'where the receipt goes, behind those that are there (default: .scaleout/receipts)',
  );
}

/** Of a plan, as `allow:` in a distribution.yaml. */
export function findingsAllowed() {
  return allowances('allow what the plan calls by this id');
}

/**
 * Reads a whole number of a flag; `1_000_000` is one. The reader throws InvalidArgumentError for any other.
 */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', ''));
    if (/^[\d_]+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${String(least)} or more.`);
  };
}

/** Reads a factor of a flag, as in 2.5. @throws InvalidArgumentError below 1 or for any other text */
export function factor(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value >= 1) return value;
  throw new InvalidArgumentError('It must be a number, 1 or more, as in 2.5.');
}
