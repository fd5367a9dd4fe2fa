/** Wiring only: verbs, flags, exit codes. What a verb does lives in the folder named after it. */
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { loadDistribution } from '../config/workload/distribution';
import type { Distribution } from '../config/workload/distribution-types';
import { loadEnvironments } from '../config/environment/environment';
import { ConfigError } from '../config/file/config-error';
import { readColumnName, readTableName } from '../config/workload/identifiers';
import { oneOf } from '../config/text/text';
import type { WorkloadQuery } from '../config/workload/workload';
import { loadWorkload } from '../config/workload/workload';
import type { Format } from './audit/commands';
import { FORMATS } from './audit/commands';
import { BENCHES, bench } from './bench/commands';
import { allowancesOf } from './database/checks/allowances';
import { auditFresh, differenceFresh } from './infra/audit-synth';
import { deploy } from './infra/deploy';
import { guard } from './infra/guard';
import { environmentTarget } from './infra/outputs';
import type { ConnectionTarget } from './lib/connection';
import { targetFromEnvironment, targetFromUrl } from './lib/connection';
import { EXIT, explain, ScaleoutError } from './lib/errors';
import { streamReporter } from './lib/reporter';
import { schemas } from './lib/schemas';
import type { VerbContext, VerbResult } from './lib/verb';
import { ENGINE_NAMES, localDown, localRun, localStatus, localUp, ORDERS } from './local/commands';
import { estimate } from './rebalance/estimate';
import { rebalancePlan, rebalanceRun, rebalanceStatus, rebalanceStop } from './rebalance/commands';
import { parseOptions, STRATEGIES } from './rebalance/options';
import { TRANSFER_MODES } from './citus/transfer-mode';
import { adviseDistribution } from './advise/commands';
import { loadQueries } from './advise/queries-file';
import { distributionOf, simulate } from './simulate/commands';
import { tablesApply, tablesPlan, tablesVerify } from './tables/commands';
import { readPlan } from './tables/review/plan-file';

/** The world a run of the program touches; tests hand in their own. */
export interface Io {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person asks to stop. */
  readonly signal: AbortSignal;
}

interface CommonFlags {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly detailedExitcode?: boolean;
}

interface DatabaseFlags {
  readonly env?: string;
  readonly url?: string;
}

interface SpecFlags extends DatabaseFlags {
  readonly spec?: string;
  readonly workload?: string;
}

interface VerifyFlags extends SpecFlags {
  readonly queries?: string;
  readonly receipt?: string;
}

interface ApplyFlags extends VerifyFlags, AllowFlags {
  readonly plan?: string;
  readonly growth?: number;
  readonly compareRows: boolean;
}

interface MovementFlags extends DatabaseFlags {
  readonly strategy?: string;
  readonly mode?: string;
}

interface RebalanceFlags extends MovementFlags, AllowFlags {}

interface SimulateFlags extends SpecFlags, MovementFlags {
  readonly table?: string;
  readonly column?: string;
  readonly workers?: number;
  readonly shards?: number;
  readonly coordinatorHoldsShards?: boolean;
  readonly sample?: boolean;
  readonly exact?: boolean;
}

interface AdviseFlags extends DatabaseFlags {
  readonly queries?: string;
  readonly shards?: number;
  readonly out?: string;
}

interface AuditFlags {
  readonly env?: string;
  readonly dir?: string;
  readonly format: Format;
  readonly out?: string;
}

interface AllowFlags {
  readonly allow: readonly string[];
}

interface LocalFlags {
  readonly rows: number;
  readonly workload: string;
  readonly engine?: string;
  readonly order: string;
  readonly terraform?: boolean;
}

/**
 * Runs one command line.
 *
 * @param argv what follows the program's name
 * @returns the exit status: 0 done, 1 failed, 2 changes pending, 3 refused by a guard or a rule
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let status: number = EXIT.done;
  const program = buildProgram(io, (code) => {
    status = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    // Commander has printed its own words already; --help and --version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.failed;
    io.stderr.write(`error: ${explain(error)}\n`);
    const foreseen = error instanceof ScaleoutError || error instanceof ConfigError;
    if (argv.includes('--debug')) io.stderr.write(`${error instanceof Error ? String(error.stack) : ''}\n`);
    else if (!foreseen) io.stderr.write('(--debug shows where this came from)\n');
    return error instanceof ScaleoutError ? error.exitCode : EXIT.failed;
  }
}

function buildProgram(io: Io, end: (status: number) => void): Command {
  const program = new Command('scaleout')
    .description('Takes PostgreSQL on Azure Cosmos DB for PostgreSQL from one node to a distributed cluster.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });

  /** Adds a verb. Each can print its document as JSON, and each ends in an exit status. */
  // What commander hands over is untyped: each verb says once, here, which flags it declared.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  const verb = <Flags>(
    parent: Command,
    [usage, description, place]: readonly [usage: string, description: string, place?: 'default'],
    options: readonly Option[],
    work: (context: VerbContext, flags: Flags, args: readonly string[]) => Promise<VerbResult> | VerbResult,
  ): void => {
    const command = parent.command(usage, { isDefault: place === 'default' }).description(description);
    for (const option of [...options, ...everywhere()]) command.addOption(option);
    command.action(async () => {
      const flags = command.opts<Flags & CommonFlags>();
      const { document, text, verdict, outcome } = await work(contextFor(io, flags), flags, command.args);
      const whole = verdict === undefined ? text : `${text}\n\n${verdict}`;
      const answer = flags.json === true ? JSON.stringify(document, undefined, 2) : whole;
      if (flags.json === true && verdict !== undefined) io.stderr.write(`${verdict}\n`);
      await new Promise<void>((resolve) => {
        io.stdout.write(answer === '' || answer.endsWith('\n') ? answer : `${answer}\n`, () => resolve());
      });
      end(exitStatus(outcome, flags.detailedExitcode === true));
    });
  };
  const group = (name: string, description: string): Command =>
    program.command(name).description(description);

  verb<AllowFlags>(
    program,
    ['guard <env>', 'plan an environment and refuse what loses data, by name; changes nothing'],
    [allowances('go ahead with what a guard calls by this id'), detailedExitcode()],
    (context, { allow }, [name = '']) => guard(context, { name, allow, environment: io.environment }),
  );
  verb<AllowFlags>(
    program,
    ['deploy <env>', 'plan, guard, ask, and apply exactly that plan; safe to interrupt and to run again'],
    [allowances('go ahead with what a guard calls by this id')],
    (context, { allow }, [name = '']) => deploy(context, { name, allow, environment: io.environment }),
  );

  const tables = group('tables', 'the distribution of the tables, as code');
  verb<SpecFlags & AllowFlags & { readonly out?: string }>(
    tables,
    ['plan', 'show every statement and why; changes nothing'],
    [
      ...spec(),
      findingsAllowed(),
      new Option('--out <file>', 'write it to a file that `tables apply --plan` takes'),
      detailedExitcode(),
    ],
    async (context, flags) =>
      tablesPlan(context, {
        allow: allowancesOf(flags.allow),
        ...(await tablesInput(io, flags)),
        ...(flags.out === undefined ? {} : { out: flags.out }),
      }),
  );
  verb<ApplyFlags>(
    tables,
    ['apply', 'distribute the tables, step by step; safe to interrupt and to run again'],
    [
      ...spec(),
      findingsAllowed().conflicts('plan'),
      new Option('--plan <file>', 'exactly what `tables plan --out` wrote, or nothing').conflicts([
        'spec',
        'workload',
      ]),
      new Option(
        '--growth <factor>',
        'with --plan: how many times the rows it was reviewed with a table may have (default: 2)',
      ).argParser(factor),
      queriesFile('their answers are compared before and after'),
      new Option(
        '--receipt <file>',
        'write what was there before and after, as digests, for `tables verify`',
      ),
      new Option('--no-compare-rows', 'do not count and hash every row before and after'),
    ],
    async (context, flags) => {
      const { compareRows } = flags;
      const receipt = receiptOf(flags);
      if (flags.plan === undefined && flags.growth !== undefined) {
        throw new ScaleoutError(
          '--growth needs --plan: it says how much larger tables may be than when that plan was reviewed; nothing was changed',
        );
      }
      if (flags.plan === undefined)
        return tablesApply(context, {
          allow: allowancesOf(flags.allow),
          ...(await tablesInput(io, flags)),
          ...receipt,
          compareRows,
          ask: true,
        });
      // The plan first: one that was edited is said before a database is asked for.
      const reviewed = readPlan(flags.plan);
      const workload = flags.env === undefined ? {} : declaration({ env: flags.env });
      const asked = { ...workload, ...queriesOf(flags) };
      return tablesApply(context, {
        target: await databaseTarget(io, flags),
        ...asked,
        ...receipt,
        compareRows,
        expected: reviewed.expected,
        reviewed,
        ...(flags.growth === undefined ? {} : { growth: flags.growth }),
      });
    },
  );
  verb<VerifyFlags>(
    tables,
    [
      'verify',
      'check that tables, keys, placements and the task counts of queries are as declared, and rows, answers and indexes as in a receipt',
    ],
    [
      ...spec(),
      queriesFile('their task counts are checked, and with a receipt their answers'),
      new Option('--receipt <file>', 'what `tables apply --receipt` wrote'),
    ],
    async (context, flags) =>
      tablesVerify(context, { ...(await tablesInput(io, flags)), ...receiptOf(flags) }),
  );

  verb<AdviseFlags>(
    program,
    [
      'advise',
      'which column, which reference tables, and why, for a database that is not distributed yet; changes nothing',
    ],
    [...database(), ...advising()],
    async (context, flags) => adviseDistribution(context, await adviseInput(io, flags)),
  );
  verb<SimulateFlags>(
    program,
    [
      'simulate',
      'what the shards, nodes and moves would be, from real rows, or from real shards where there are some; changes nothing',
    ],
    [...spec(), ...topology(), ...movement()],
    async (context, flags) => simulate(context, await simulateInput(io, flags)),
  );

  const rebalance = group('rebalance', 'move shards until every node carries its share');
  verb<RebalanceFlags>(
    rebalance,
    ['plan', 'show which shards would move where, and how long it takes; changes nothing'],
    [...database(), ...movement(), findingsAllowed(), detailedExitcode()],
    async (context, flags) => rebalancePlan(context, await rebalanceInput(io, flags)),
  );
  verb<RebalanceFlags & { readonly compareRows: boolean }>(
    rebalance,
    ['run', 'start the background job, or find it running, and follow it to its end'],
    [
      ...database(),
      ...movement(),
      findingsAllowed(),
      new Option('--no-compare-rows', 'do not count and hash every row that moves, before and after'),
    ],
    async (context, flags) =>
      rebalanceRun(context, { ...(await rebalanceInput(io, flags)), compareRows: flags.compareRows }),
  );
  verb<DatabaseFlags>(rebalance, ['status', 'show how far the job is'], database(), async (context, flags) =>
    rebalanceStatus(context, { target: await databaseTarget(io, flags) }),
  );
  verb<DatabaseFlags>(rebalance, ['stop', 'end the running job'], database(), async (context, flags) =>
    rebalanceStop(context, { target: await databaseTarget(io, flags) }),
  );

  const audit = group(
    'audit',
    'what an auditor reads: rules over the synthesized stacks, and differences in words',
  );
  verb<AuditFlags>(
    audit,
    ['check', 'hold the synthesized stacks against the rules', 'default'],
    [
      new Option('--env <name>', 'only this environment'),
      new Option('--dir <dir>', 'judge what lies there instead of synthesizing afresh'),
      ...reportOutput(),
    ],
    (context, { env, dir, format, out }) =>
      auditFresh(context, { environment: env, directory: dir, format, out }),
  );
  verb<AuditFlags>(
    audit,
    ['diff <before> <after>', 'what differs between two environments or stages (ENV or ENV@STAGE), in words'],
    [...reportOutput(), detailedExitcode()],
    (context, { format, out }, [before = '', after = '']) =>
      differenceFresh(context, { before, after, format, out }),
  );

  const local = group('local', 'the whole journey on this machine, with no Azure account');
  verb<LocalFlags>(
    local,
    ['run', 'single node, scale out, distribute, rebalance, verify; leaves nothing behind'],
    journey(),
    (context, flags) => localRun(context, flags),
  );
  verb<LocalFlags>(local, ['up', 'the same, and keep the cluster running'], journey(), (context, flags) =>
    localUp(context, flags),
  );
  verb(local, ['down', 'take down what `local up` keeps running'], [], (context) => localDown(context));
  verb(local, ['status', 'say what `local up` keeps running, and how to connect'], [], (context) =>
    localStatus(context),
  );

  verb<{ readonly check?: boolean }>(
    program,
    ['schemas', 'write the JSON Schemas of config/ for editors'],
    [new Option('--check', 'only say whether they are current')],
    (_, { check }) => schemas(path.resolve(__dirname, '..'), { check: check === true }),
  );
  verb<{ readonly runs?: number }>(
    program,
    ['bench [name]', `measure our figures beside a peer's, in one run: ${Object.keys(BENCHES).join(', ')}`],
    [
      new Option('--runs <count>', 'paired runs (default: 5, or 1 where a pair takes minutes)').argParser(
        wholeNumber(1),
      ),
    ],
    (context, { runs }, [name]) => bench(context, { name, runs }),
  );
  return program;
}

function everywhere(): Option[] {
  return [
    new Option('--json', 'print one JSON document on stdout; what is meant for people goes to stderr'),
    new Option('--yes', 'answer every question with yes'),
    new Option('--debug', 'show where an error came from'),
  ];
}

function database(): Option[] {
  return [
    new Option('--env <name>', 'the database of a deployed environment, by its Terraform outputs'),
    new Option('--url <url>', 'postgresql://USER@HOST:PORT/DATABASE, the password in PGPASSWORD').conflicts(
      'env',
    ),
  ];
}

function spec(): Option[] {
  return [
    ...database(),
    new Option('--spec <file>', 'the distribution.yaml that says how the database should be'),
    new Option('--workload <name>', 'that of a workload in config/workloads').conflicts('spec'),
  ];
}

function queriesFile(what: string): Option {
  return new Option(
    '--queries <file>',
    `what runs all day, as config/workloads/*/queries.sql; ${what}; by default those of the workload`,
  );
}

function detailedExitcode(): Option {
  return new Option('--detailed-exitcode', 'exit with 2 when there is something to do');
}

function advising(): Option[] {
  return [
    new Option(
      '--queries <file>',
      'what runs all day, as config/workloads/*/queries.sql; with pg_stat_statements if there',
    ),
    new Option('--shards <count>', 'shards of a distributed table').argParser(wholeNumber(1)).default(32),
    new Option(
      '--out <file>',
      'write the distribution.yaml that follows, to edit; never over a file that is there',
    ),
  ];
}

function movement(): Option[] {
  return [
    new Option('--strategy <name>', 'what is to be equal').choices(STRATEGIES),
    new Option('--mode <name>', 'how a shard is copied').choices(TRANSFER_MODES),
  ];
}

function topology(): Option[] {
  return [
    new Option('--table <name>', 'one table, instead of a file').conflicts(['spec', 'workload']),
    new Option('--column <name>', 'its distribution column').conflicts(['spec', 'workload']),
    new Option(
      '--workers <count>',
      "workers the cluster gets; by default the environment's, those there are, or 2",
    ).argParser(wholeNumber(0)),
    new Option('--shards <count>', "shards of a table; by default the file's, or 32").argParser(
      wholeNumber(1),
    ),
    new Option('--coordinator-holds-shards', 'the coordinator keeps shards beside workers, as by default'),
    new Option('--no-coordinator-holds-shards', 'the workers alone hold shards'),
    new Option('--sample', 'read some blocks of each table, however small it is').conflicts('exact'),
    new Option('--exact', 'read every row, however large a table is'),
  ];
}

function allowances(what: string): Option {
  const each = new Option('--allow <id>', `${what}; repeatable`);
  return each.argParser((id: string, before: readonly string[]) => [...before, id]).default([], 'nothing');
}

/** Of a plan, as `allow:` in a distribution.yaml. */
function findingsAllowed(): Option {
  return allowances('allow what the plan calls by this id');
}

function reportOutput(): Option[] {
  return [
    new Option('--format <name>', 'how it is written for people').choices(FORMATS).default('text'),
    new Option('--out <file>', 'write it to a file as well'),
  ];
}

function journey(): Option[] {
  return [
    new Option('--rows <count>', 'readings of sensors, or payments, to load')
      .argParser(wholeNumber(1))
      .default(200_000),
    new Option('--workload <name>', 'sensors, payments or payments-partitioned').default('sensors'),
    new Option('--engine <name>', 'instead of the best one found').choices(ENGINE_NAMES),
    new Option('--order <name>', 'what comes first').choices(ORDERS).default('scale-first'),
    new Option('--terraform', 'deploy the cluster with Terraform and azurerm, against a stand-in for Azure'),
  ];
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', ''));
    if (/^[\d_]+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${String(least)} or more.`);
  };
}

function factor(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value >= 1) return value;
  throw new InvalidArgumentError('It must be a number, 1 or more, as in 2.5.');
}

function contextFor(io: Io, flags: CommonFlags): VerbContext {
  return {
    reporter: streamReporter(io.stderr),
    signal: io.signal,
    async confirm(question) {
      if (flags.yes === true) return true;
      if (io.stdin.isTTY !== true) {
        throw new ScaleoutError(
          `"${question}" needs an answer and there is no terminal to ask: add --yes; nothing was changed`,
        );
      }
      const terminal = createInterface({ input: io.stdin, output: io.stderr });
      try {
        return /^y(es)?$/i.test(
          (await terminal.question(`${question} [y/N] `, { signal: io.signal })).trim(),
        );
      } finally {
        terminal.close();
      }
    },
  };
}

function exitStatus(outcome: VerbResult['outcome'], detailed: boolean): number {
  switch (outcome) {
    case 'done':
      return EXIT.done;
    case 'changes':
      return detailed ? EXIT.changesPending : EXIT.done;
    case 'failed':
      return EXIT.failed;
    case 'refused':
      return EXIT.refused;
  }
}

/** What Azure says a firewall rule takes at most. */
const FIREWALL_PATIENCE_MS = 300_000;

/** The database a command line names: an environment's outputs, a URL, or the libpq variables. */
async function databaseTarget(io: Io, flags: DatabaseFlags): Promise<ConnectionTarget> {
  if (flags.url !== undefined) return targetFromUrl(flags.url, io.environment, { argument: true });
  if (flags.env === undefined) return targetFromEnvironment(io.environment);
  environmentNamed(flags.env);
  const target = targetFromEnvironment(io.environment, await environmentTarget(flags.env, io.environment));
  // Right after a deploy the rule that lets this address in may not be in force yet.
  return { ...target, waitForFirewallMs: FIREWALL_PATIENCE_MS };
}

async function rebalanceInput(io: Io, flags: RebalanceFlags) {
  const allow = allowancesOf(flags.allow);
  return { target: await databaseTarget(io, flags), strategy: flags.strategy, mode: flags.mode, allow };
}

async function tablesInput(
  io: Io,
  flags: SpecFlags & { readonly queries?: string },
): Promise<{ target: ConnectionTarget; expected: Distribution; queries?: readonly WorkloadQuery[] }> {
  // The declaration first: a wrong file is said before a database is asked for.
  const declared = { ...declaration(flags), ...queriesOf(flags) };
  return { target: await databaseTarget(io, flags), ...declared };
}

async function adviseInput(io: Io, flags: AdviseFlags) {
  const queries = flags.queries === undefined ? undefined : loadQueries(flags.queries);
  return { target: await databaseTarget(io, flags), queries, shardCount: flags.shards, out: flags.out };
}

async function simulateInput(io: Io, flags: SimulateFlags) {
  const { mode, strategy } = parseOptions(flags);
  const { expected } = simulatedDistribution(flags);
  const cluster = flags.env === undefined ? undefined : environmentNamed(flags.env).cluster;
  return {
    expected,
    shardCount: flags.shards,
    topology: {
      workers: flags.workers ?? cluster?.workers?.count,
      coordinatorHoldsShards: flags.coordinatorHoldsShards ?? cluster?.coordinatorHoldsShards,
    },
    strategy,
    reading: flags.exact === true ? 'exact' : flags.sample === true ? 'sample' : 'auto',
    estimateMoves: (moves: readonly { readonly bytes: number }[]) => estimate(moves, mode, undefined),
    target: await databaseTarget(io, flags),
  } as const;
}

/** One table and its column, or what {@link declaration} finds; nothing where nothing is named. */
function simulatedDistribution(flags: SimulateFlags): { readonly expected?: Distribution } {
  const { table, column, shards = 32 } = flags;
  if (table === undefined && column === undefined) {
    const { spec, workload, env } = flags;
    // A database that is distributed says itself how.
    return spec === undefined && workload === undefined && env === undefined ? {} : declaration(flags);
  }
  if (table === undefined || column === undefined) {
    throw new ScaleoutError(
      `${table === undefined ? '--column needs --table' : '--table needs --column'}: a simulation asks what one column does to one table; a file (--spec) says it for many`,
    );
  }
  const [name, by] = [readTableName(table), readColumnName(column)];
  if (!name.ok) throw new ScaleoutError(`--table ${name.problem}`);
  if (!by.ok) throw new ScaleoutError(`--column ${by.problem}`);
  return { expected: distributionOf(name.value, by.value, shards) };
}

/** What the database should be like: a file, a workload, or the workload of the environment. */
function declaration(flags: SpecFlags): { expected: Distribution; queries?: readonly WorkloadQuery[] } {
  if (flags.spec !== undefined) return { expected: loadDistribution(flags.spec) };
  const name = flags.workload ?? (flags.env === undefined ? undefined : environmentNamed(flags.env).workload);
  if (name === undefined) {
    throw new ScaleoutError(
      'nothing says how the database should be: name a file with --spec, a workload with --workload, or an environment with --env',
    );
  }
  const workload = loadWorkload(name);
  return { expected: workload.distribution, queries: workload.queries };
}

/** Those of a file, where one is named. */
function queriesOf(flags: { readonly queries?: string }): { queries?: readonly WorkloadQuery[] } {
  return flags.queries === undefined ? {} : { queries: loadQueries(flags.queries) };
}

function receiptOf({ receipt }: { readonly receipt?: string }): { receipt?: string } {
  return receipt === undefined ? {} : { receipt };
}

function environmentNamed(name: string) {
  const environments = loadEnvironments();
  const found = environments.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  throw new ScaleoutError(
    `there is no environment "${name}" in config/environments: choose ${oneOf(environments.map((each) => each.name))}`,
  );
}
