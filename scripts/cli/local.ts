import { Option } from '@commander-js/extra-typings';
import { DEFAULT_SERVICE, SERVICES } from '../../config/azure/service-names';
import { ENGINE_NAMES } from '../local/engines/engine';
import { ORDERS } from '../local/journey/order';
import { AZURE_YEARS } from '../local/terraform/azure-year';
import type { AddVerb, Group } from './command';
import { wholeNumber } from './flags';
import { databaseTarget } from './inputs';

/** Adds `local run|up|status|load|down`. */
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

  verb(
    withJourney(local.command('up')).description('the same, and keep the cluster running'),
    async (context, flags) => (await import('../local/commands.ts')).localUp(context, flags),
  );

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

function withJourney(command: Group) {
  return command
    .option('--rows <count>', 'readings of sensors, or payments, to load', wholeNumber(1), 200_000)
    .option('--workload <name>', 'sensors, payments or payments-partitioned', 'sensors')
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
