import type { Command, OptionValues } from '@commander-js/extra-typings';
import { Option } from '@commander-js/extra-typings';
import { DEFAULT_SERVICE, SERVICES } from '../../config/azure/service-names';
import { ScaleoutError } from '../lib/errors';
import { ENGINE_NAMES } from '../local/engines/engine';
import { ORDERS } from '../local/journey/order';
import { AZURE_YEARS } from '../local/terraform/azure-year';
import type { AddVerb, Group } from './command';
import { wholeNumber } from './flags';
import { databaseTarget } from './inputs';

/** Adds `local run|up|scale|psql|load|down|status`. */
export function addLocal(program: Group, verb: AddVerb): void {
  const local = program
    .command('local')
    .description('the whole journey on this machine, with no Azure account');

  verb(
    withJourney(local.command('run')).description(
      'single node, scale out, distribute, rebalance, verify; leaves nothing behind',
    ),
    async (context, flags) => (await import('../local/commands.ts')).localRun(context, flags),
  );

  addUp(local, verb);

  verb(
    local
      .command('load')
      .description(
        'write and read at a set rate beside what goes on; every acknowledged write is looked for at the end',
      )
      .option(
        '--url <url>',
        'postgresql://USER@HOST:PORT/DATABASE of this machine; by default what `local up` keeps running',
      )
      .option('--workload <name>', 'sensors or payments')
      .option('--rate <count>', 'writes a second', wholeNumber(1), 200)
      .option('--readers <count>', 'reads a second', wholeNumber(0), 0)
      .option('--seconds <count>', 'how long', wholeNumber(1), 60),
    async (context, { url, ...flags }) => {
      const target = url === undefined ? undefined : await databaseTarget(context, { url });
      return (await import('../local/commands.ts')).localLoad(context, { ...flags, target });
    },
  );

  verb(local.command('down').description('take down what `local up` keeps running'), async (context) =>
    (await import('../local/commands.ts')).localDown(context),
  );

  verb(
    local.command('status').description('say what `local up` keeps running, and how to connect'),
    async (context) => (await import('../local/commands.ts')).localStatus(context),
  );
}

/** What keeps a cluster running, and what is done to one that runs. */
function addUp(local: Group, verb: AddVerb): void {
  verb(
    withPreparation(withJourney(local.command('up'))).description(
      'the same, and keep the cluster running; with --empty, --single-node, --workers, --sql or --port a cluster without the journey',
    ),
    async (context, flags) => {
      const { empty, singleNode, workers, sql, port, ...journey } = flags;
      if (!(
        empty === true ||
        singleNode === true ||
        workers !== undefined ||
        sql.length > 0 ||
        port !== undefined
      )) {
        return (await import('../local/commands.ts')).localUp(context, {
          ...journey,
          workload: flags.workload ?? 'sensors',
        });
      }
      requireNoJourney(flags);
      return (await import('../local/prepared.ts')).localPrepare(context, {
        workers: singleNode === true ? 0 : workers,
        sql,
        port,
        workload: flags.workload,
        engine: flags.engine,
      });
    },
  );

  verb(
    local
      .command('scale')
      .description('add workers to what `local up` keeps running, as the platform would; no data moves')
      .requiredOption('--workers <count>', 'how many there are to be in all', wholeNumber(0)),
    async (context, flags) => (await import('../local/scale.ts')).localScale(context, flags),
  );

  verb(
    local
      .command('psql')
      .description('open psql on what `local up` keeps running: local psql, or local psql -- -c "SELECT 1"')
      .argument('[args...]', 'arguments of psql, after --'),
    async (context, _flags, args) => (await import('../local/psql.ts')).localPsql(context, args),
  );
}

/** Flags of a cluster whose contents are its user's. */
function withPreparation<Args extends unknown[], Flags extends OptionValues>(command: Command<Args, Flags>) {
  return command
    .option('--empty', 'only the cluster, without the journey')
    .addOption(new Option('--single-node', 'the coordinator alone').conflicts('workers'))
    .addOption(
      new Option('--workers <count>', 'workers beside the coordinator, 2 to 20').argParser(wholeNumber(0)),
    )
    .addOption(
      new Option('--sql <file...>', 'files of SQL to run, such as a dump of pg_dump --no-owner').default<
        string[]
      >([], 'none'),
    )
    .addOption(
      new Option('--port <port>', 'of the coordinator; by default one that is free').argParser(
        wholeNumber(1),
      ),
    );
}

/** @throws ScaleoutError for what only a journey has */
function requireNoJourney(flags: { readonly terraform?: true; readonly workers?: number }): void {
  if (flags.workers === 0) {
    throw new ScaleoutError(
      'input.invalid',
      '--workers is 0: a cluster without workers is --single-node; nothing was started',
    );
  }
  if (flags.terraform !== true) return;
  throw new ScaleoutError(
    'input.invalid',
    '--terraform is part of the journey, and --empty, --single-node, --workers, --sql and --port leave the journey out: leave one of them out; nothing was started',
  );
}

function withJourney(command: Group) {
  return command
    .option('--rows <count>', 'readings of sensors, or payments, to load', wholeNumber(1), 200_000)
    .option(
      '--workload <name>',
      'a workload of config/workloads: sensors, payments or payments-partitioned; by default sensors',
    )
    .addOption(new Option('--engine <name>', 'instead of the best one found').choices(ENGINE_NAMES))
    .addOption(
      new Option('--order <name>', 'what comes first').choices(ORDERS).default('scale-first' as const),
    )
    .option('--terraform', 'take the cluster over and scale it with Terraform, against a stand-in for Azure')
    .addOption(
      new Option(
        '--service <name>',
        'with --terraform: elastic-cluster creates one of those, on PostgreSQL 17',
      )
        .choices(SERVICES)
        .default(DEFAULT_SERVICE),
    )
    .addOption(
      new Option('--azure <year>', 'with --terraform: 2025 creates the cluster, which Azure refuses today')
        .choices(AZURE_YEARS)
        .default('today' as const),
    );
}
