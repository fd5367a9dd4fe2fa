import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Case } from './case';
import { createRoles, enterOwnRun } from './cluster';
import { drawCase } from './draw';
import { messageOf } from './product';
import { renderCase, renderSpecification } from './render';
import { describeTried, signatureOf, summarize } from './report';
import type { Tried } from './report';
import { reduceCase } from './smaller';
import { tryCase } from './try-case';
import type { Outcome } from './try-case';
import { turns } from './turns';

/** A case mostly waits for Citus. */
const MOST_AT_ONCE = 3;

/** Of the cases, that have to end distributed. */
const DISTRIBUTED_SHARE = 0.85;

interface Options {
  readonly cases: number;
  readonly seed: number;
  readonly atOnce: number;
  /** These cases alone. */
  readonly only?: readonly number[];
  /** Smaller cases to try for a failure. */
  readonly reductions: number;
  readonly out: string;
}

/**
 * Tries case after case, says what became of each, and makes those smaller that fail.
 *
 * @returns the exit status
 */
export async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  const from = performance.now();
  const leave = await enterOwnRun();
  const stop = (): void => {
    void leave().finally(() => process.exit(130));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await createRoles();
    const tried = await tryAll(options);
    const { lines, failed } = summarize(tried);
    for (const line of lines) say(line);
    say(`${((performance.now() - from) / 60_000).toFixed(1)} min`);
    const distributed = tried.filter(({ outcome }) => outcome.distributed).length;
    const few = options.only === undefined && distributed < tried.length * DISTRIBUTED_SHARE;
    return failed === 0 && !few ? 0 : 1;
  } finally {
    await leave();
  }
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Case `n` of a run is that of `--seed` + n, so that it can be tried alone. */
async function tryAll(options: Options): Promise<Tried[]> {
  const { cases, seed, only, atOnce, reductions } = options;
  const seeds = [...(only ?? Array.from({ length: cases }, (_, index) => seed + index))];
  const tried: Tried[] = [];
  const known = new Set<string>();
  // Two databases of one server cannot distribute online at once.
  const online = turns();
  const work = async (): Promise<void> => {
    for (let next = seeds.shift(); next !== undefined; next = seeds.shift()) {
      const drawn = drawCase(next);
      const one = drawn.online ? await online(() => time(next, drawn)) : await time(next, drawn);
      tried.push(one);
      for (const line of describeTried(one, tried.length)) say(line);
      const signature = signatureOf(one);
      if (signature === '' || known.has(signature) || reductions === 0) continue;
      known.add(signature);
      const reduce = (): Promise<void> => writeSmallest(one, signature, options);
      await (drawn.online ? online(reduce) : reduce());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return tried;
}

async function time(seed: number, drawn: Case): Promise<Tried> {
  const from = performance.now();
  const outcome = await outcomeOf(drawn);
  return { seed, drawn, outcome, seconds: (performance.now() - from) / 1000 };
}

/** A case may cost a server or a program its life; the others go on. */
function outcomeOf(drawn: Case): Promise<Outcome> {
  return tryCase(drawn).catch((error: unknown): Outcome => {
    const failure = { stage: 'create' as const, problems: [messageOf(error)] };
    return { distributed: false, refusals: [], failure };
  });
}

async function writeSmallest(
  { seed, drawn }: Tried,
  signature: string,
  { out, reductions }: Options,
): Promise<void> {
  const smallest = await reduceCase(
    drawn,
    async (smaller) => signatureOf({ drawn: smaller, outcome: await outcomeOf(smaller) }) === signature,
    reductions,
  );
  const folder = join(out, `case-${String(seed)}`);
  const schema = renderCase(smallest);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'schema.sql'), `${schema.join(';\n')};\n`);
  writeFileSync(join(folder, 'distribution.yaml'), renderSpecification(smallest, 4));
  const { outcome } = await time(seed, smallest);
  const { stage = '', problems = [] } = outcome.failure ?? {};
  writeFileSync(join(folder, 'problems.txt'), `${[stage, smallest.then, ...problems].join('\n')}\n`);
  say(`        the smallest of case ${String(seed)} is in ${folder}:`);
  for (const line of schema) say(`          ${line.replaceAll('\n', '\n          ')};`);
}

function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      cases: { type: 'string', default: '300' },
      seed: { type: 'string', default: '1' },
      'at-once': { type: 'string', default: String(Math.min(MOST_AT_ONCE, availableParallelism())) },
      only: { type: 'string' },
      reductions: { type: 'string', default: '40' },
      out: { type: 'string', default: join(tmpdir(), 'scaleout-catalog') },
    },
  });
  const whole = (
    name: 'cases' | 'seed' | 'at-once' | 'only' | 'reductions',
    least: number,
    value = values[name],
  ): number => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least) return number;
    throw new Error(`--${name} takes whole numbers from ${String(least)} on`);
  };
  return {
    cases: whole('cases', 1),
    seed: whole('seed', 0),
    atOnce: whole('at-once', 1),
    ...(values.only === undefined
      ? {}
      : { only: values.only.split(',').map((each) => whole('only', 0, each)) }),
    reductions: whole('reductions', 0),
    out: values.out,
  };
}
