import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { Strategy } from '../citus/strategy';
import type { TransferMode } from '../citus/transfer-mode';
import { ScaleoutError } from '../lib/errors';
import { REBALANCE_WAYS } from '../rebalance/cost/ways';
import type { RebalanceWay } from '../rebalance/cost/ways';
import type { AddVerb, Group } from './command';
import {
  detailedExitcode,
  findingsAllowed,
  strategy,
  transferMode,
  wholeNumber,
  withDatabase,
} from './flags';
import type { DatabaseFlags } from './inputs';
import { allowed, databaseTarget } from './inputs';
import type { CliContext } from './io';

/** Adds `rebalance plan|run|status|pause|resume|stop`. */
export function addRebalance(program: Group, verb: AddVerb): void {
  const rebalance = program
    .command('rebalance')
    .description('move shards until every node carries its share');

  verb(
    withMoves(rebalance.command('plan'))
      .description('show which shards would move where, and how long it takes; changes nothing')
      .addOption(findingsAllowed())
      .addOption(
        new Option(
          '--assume <cluster>',
          'say also what it would be in a cluster of another size, as "nodes=16 new=4 shards=1024 gb=2000"',
        ),
      )
      .addOption(detailedExitcode()),
    async (context, flags) => {
      const { rebalancePlan } = await import('../rebalance/commands.ts');
      const { parseAssumed } = await import('../rebalance/plan/on-paper.ts');
      const assumed = readFlag('--assume', flags.assume, parseAssumed);
      return rebalancePlan(context, { ...(await rebalanceInput(context, flags)), assumed });
    },
  );

  verb(
    withMoves(rebalance.command('run'))
      .description(
        'show the plan, ask, and move the shards so that no write waits longer than asked, or have the background job do it; done again, it goes on',
      )
      .addOption(findingsAllowed())
      .option('--events', 'tell what happens in lines of JSON on stderr, one for each move')
      .option('--no-compare-rows', 'do not count and hash every row that moves, before and after')
      .option(
        '--probe-writes',
        'write 50 rows a second beside the moves, to a table of its own in the group that moves, and tell what those writes waited',
      ),
    async (context, flags) => {
      const { rebalanceRun } = await import('../rebalance/commands.ts');
      const input = await rebalanceInput(context, flags);
      return rebalanceRun(context, {
        ...input,
        compareRows: flags.compareRows,
        probeWrites: flags.probeWrites === true,
        ask: true,
      });
    },
  );

  addStatus(rebalance, verb);
  addControls(rebalance, verb);
}

/** Shows a run that goes on in another terminal. */
function addStatus(rebalance: Group, verb: AddVerb): void {
  verb(
    withDatabase(rebalance.command('status'))
      .description('show how far a run or the job is')
      .option(
        '--watch',
        'go on until it ends, with its exit status; a picture on a terminal, a line for each change elsewhere, with --json a document for each; Ctrl-C ends the watching alone',
      )
      .addOption(
        new Option('--interval <seconds>', 'seconds between two looks of --watch; 1')
          .argParser(wholeNumber(1))
          .implies({ watch: true }),
      ),
    async (context, flags) => {
      if (flags.watch === true) {
        const { rebalanceWatch } = await import('../rebalance/watch-status.ts');
        const { stdout, json } = context;
        const intervalMs = 1000 * (flags.interval ?? 1);
        return rebalanceWatch(context, {
          target: await databaseTarget(context, flags),
          intervalMs,
          stdout,
          json,
        });
      }
      const { rebalanceStatus } = await import('../rebalance/commands.ts');
      return rebalanceStatus(context, { target: await databaseTarget(context, flags) });
    },
  );
}

/** Those for a run that goes on in another terminal. */
function addControls(rebalance: Group, verb: AddVerb): void {
  verb(
    withDatabase(rebalance.command('pause')).description(
      'have a run wait after its current move, or end the running job there, until resume',
    ),
    async (context, flags) => {
      const { rebalancePause } = await import('../rebalance/commands.ts');
      return rebalancePause(context, { target: await databaseTarget(context, flags) });
    },
  );

  verb(
    withDatabase(rebalance.command('resume'))
      .description(
        'let a paused run go on; where none is at work, as after a crash, do what the last one left, with its options',
      )
      .option('--events', 'tell what happens in lines of JSON on stderr, one for each move'),
    async (context, flags) => {
      const { rebalanceResume } = await import('../rebalance/resume.ts');
      return rebalanceResume(context, { target: await databaseTarget(context, flags) });
    },
  );

  verb(
    withDatabase(rebalance.command('stop')).description(
      'end a run after its current move, or the running job',
    ),
    async (context, flags) => {
      const { rebalanceStop } = await import('../rebalance/commands.ts');
      return rebalanceStop(context, { target: await databaseTarget(context, flags) });
    },
  );
}

/** Adds the flags that say what moves, and how. */
function withMoves(command: Group) {
  return withDatabase(command)
    .addOption(
      new Option(
        '--way <name>',
        'budgeted: this program moves, and writes wait no longer than asked; background: a job of Citus; budgeted, unless there is a --mode',
      ).choices(REBALANCE_WAYS),
    )
    .addOption(strategy())
    .addOption(transferMode())
    .addOption(
      new Option('--max-write-pause <ms>', 'milliseconds that a write may wait for a move; 300').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(new Option('--only <table>', 'move this table and what is colocated with it'))
    .addOption(
      new Option(
        '--drain <node>',
        'empty this node, which is to hold no shards any more, and move nothing else',
      ).conflicts('only'),
    )
    .addOption(new Option('--max-moves <count>', 'end after this many moves').argParser(wholeNumber(1)))
    .addOption(
      new Option(
        '--throttle <mb>',
        'megabytes (1,000,000 bytes) that move in a second on average at most; single moves are as fast as they go',
      ).argParser(megabytes),
    )
    .addOption(
      new Option(
        '--window <hours>',
        'hours in which moves start and end, as 22:00-04:00 or "01:00-05:00 Europe/Berlin"; outside of them a run ends, and the next one goes on',
      ),
    )
    .addOption(
      new Option(
        '--max-parallel <count>',
        'moves under way at once, 1 to 16; 1. Citus before 13.2 takes one of each colocation group',
      ).argParser(wholeNumber(1)),
    )
    .addOption(new Option('--wait', 'wait for --window to open, instead of ending'));
}

/** Reads a rate. @throws InvalidArgumentError for what is no number above zero */
function megabytes(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value * 1e6;
  throw new InvalidArgumentError('It must be a number above 0, as in 20 or 0.5.');
}

/** Reads what commander does not. @throws ScaleoutError that says what is wrong with it */
function readFlag<Value>(
  flag: string,
  text: string | undefined,
  read: (text: string) => Value,
): Value | undefined {
  if (text === undefined) return undefined;
  try {
    return read(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ScaleoutError('input.invalid', `${flag} is "${text}". ${why} Nothing was changed`);
  }
}

interface RebalanceFlags extends DatabaseFlags {
  readonly way?: RebalanceWay;
  readonly strategy?: Strategy;
  readonly mode?: TransferMode;
  readonly maxWritePause?: number;
  readonly only?: string;
  readonly drain?: string;
  readonly maxMoves?: number;
  readonly throttle?: number;
  readonly window?: string;
  readonly wait?: boolean;
  readonly maxParallel?: number;
  readonly allow: readonly string[];
}

async function rebalanceInput(context: CliContext, flags: RebalanceFlags) {
  const { way, mode, only, drain, maxMoves, maxWritePause } = flags;
  // What is wrong with a flag is said before a database is looked for.
  const allow = await allowed(flags.allow);
  const { parseHours } = await import('../rebalance/cost/hours.ts');
  const hours = readFlag('--window', flags.window, (text) =>
    parseHours(text, Intl.DateTimeFormat().resolvedOptions().timeZone),
  );
  return {
    target: await databaseTarget(context, flags),
    allow,
    strategy: flags.strategy,
    way,
    mode,
    only,
    drain,
    maxMoves,
    maxWritePauseMs: maxWritePause,
    bytesPerSecond: flags.throttle,
    hours,
    waitForHours: flags.wait,
    maxParallel: flags.maxParallel,
  };
}
