import { parseDistribution } from '../../config/workload/distribution';
import type { Finding } from '../../scripts/database/checks/findings';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { withClient } from '../../scripts/lib/connection';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase } from '../support/citus';
import type { Case, DrawnTable } from './case';
import { introduceRoles } from './cluster';
import { evidenceFor } from './evidence';
import type { Carried } from './product';
import { carryOut, messageOf, rebalance } from './product';
import { bringBackByHand, changeByHand, distributeByHand, rebalanceByHand } from './raw';
import { renderCase, renderSpecification, renderWayBack } from './render';
import { lostOnShards } from './shards';
import type { Snapshot } from './snapshot';
import { turns } from './turns';
import { compareSnapshots, ROWS, takeSnapshot } from './snapshot';

export type Stage = 'distribute' | Case['then'] | 'bring back';

/** How a case ended. */
export interface Outcome {
  readonly distributed: boolean;
  /** Where the program said no, and Citus's own error or loss bore it out. */
  readonly refusals: readonly {
    readonly stage: Stage;
    readonly reasons: readonly string[];
    readonly citus: string;
  }[];
  /** What was lost, changed, or refused for nothing, and where. */
  readonly failure?: { readonly stage: Stage | 'create'; readonly problems: readonly string[] };
}

/** Citus alters the roles of a server whenever it takes a node or an object to a database of it, which two cannot do at once. */
const addingNodes = turns();

const SHARDS = { first: 4, then: 6 } as const;

/** What is tried with a database, one after the other, and by hand where the program refuses. */
interface Attempt {
  readonly stage: Stage;
  readonly byProgram: (target: ConnectionTarget) => Promise<Carried>;
  readonly byHand: (target: ConnectionTarget) => Promise<string[]>;
}

/** Distributes, moves or changes, and brings back, and compares what there was with what there is each time. */
export async function tryCase(drawn: Case): Promise<Outcome> {
  const onOneNode = drawn.then === 'rebalance';
  const refusals: Outcome['refusals'][number][] = [];
  let distributed = false;
  const database = await addingNodes(() => freshCitusDatabase({ workers: onOneNode ? 0 : 2 }));
  try {
    await introduceRoles(database.platform);
    const failed = await addingNodes(() => createCase(database, drawn));
    if (failed !== undefined)
      return { distributed, refusals, failure: { stage: 'create', problems: [failed] } };
    const original = await takeSnapshot(database.platform);
    let before = original;
    for (const attempt of attemptsOf(drawn, database)) {
      const { refusal, problems, after } = await carryOutAttempt(
        drawn,
        database,
        { original, before },
        attempt,
      );
      if (problems.length > 0) return { distributed, refusals, failure: { stage: attempt.stage, problems } };
      if (refusal !== undefined) {
        refusals.push({ stage: attempt.stage, ...refusal });
        break;
      }
      distributed = true;
      before = after;
    }
    return { distributed, refusals };
  } finally {
    await database.drop();
  }
}

function attemptsOf(drawn: Case, database: TestDatabase): Attempt[] {
  const specified = (text: string) => parseDistribution(text, 'distribution.yaml');
  const goTo = (text: string) => (target: ConnectionTarget) => carryOut(target, specified(text));
  const shared = {
    first: goTo(renderSpecification(drawn, SHARDS.first)),
    then: goTo(renderSpecification(drawn, SHARDS.then)),
  };
  const change: Attempt =
    drawn.then === 'rebalance'
      ? {
          stage: 'rebalance',
          byProgram: async (target) => {
            await addingNodes(() => database.addWorkers());
            return rebalance(target, drawn.online);
          },
          byHand: (target) => rebalanceByHand(target, drawn),
        }
      : {
          stage: 'other shard count',
          byProgram: shared.then,
          byHand: (target) => changeByHand(target, drawn, SHARDS.then),
        };
  return [
    {
      stage: 'distribute',
      byProgram: shared.first,
      byHand: (target) => distributeByHand(target, drawn, SHARDS.first),
    },
    change,
    {
      stage: 'bring back',
      byProgram: goTo(renderWayBack(drawn)),
      byHand: (target) => bringBackByHand(target, drawn),
    },
  ];
}

interface Attempted {
  readonly refusal?: { readonly reasons: readonly string[]; readonly citus: string };
  readonly problems: readonly string[];
  /** With what was announced, such as a view that holds other rows: what comes next is compared with that. */
  readonly after: Snapshot;
}

async function carryOutAttempt(
  drawn: Case,
  { target, platform }: TestDatabase,
  { original, before }: { readonly original: Snapshot; readonly before: Snapshot },
  { byProgram, byHand }: Attempt,
): Promise<Attempted> {
  const carried = await byProgram(target).catch((error: unknown) => ({
    kind: 'done' as const,
    findings: [],
    problems: [messageOf(error)],
  }));
  const differences = (after: Snapshot, findings: readonly Finding[] = []): string[] =>
    unannounced(drawn, compareSnapshots(withWayBack(before, original, after), after), findings);
  // What an online copy or a move leaves, Citus drops a little later.
  await withClient(platform, (client) => client.query('CALL citus_cleanup_orphaned_resources()'));
  const after = await takeSnapshot(platform);
  if (carried.kind === 'done') {
    const onShards = await lostOnShards(platform);
    return {
      problems: [...carried.problems, ...differences(after, carried.findings), ...onShards],
      after,
    };
  }
  const touched = differences(after);
  if (touched.length > 0) return { problems: touched.map((each) => `refused, and yet ${each}`), after };
  const errors = await byHand(target);
  const found = [...errors, ...differences(await takeSnapshot(platform)), ...(await lostOnShards(platform))];
  const { reasons } = carried;
  const citus = evidenceFor(reasons, found);
  if (citus !== undefined) return { refusal: { reasons, citus }, problems: [], after };
  const instead =
    found[0] === undefined ? 'Citus does it without a loss' : `Citus only says or does this: ${found[0]}`;
  return { problems: reasons.map((reason) => `refused, and ${instead}: ${reason}`), after };
}

/** What a step back makes as it was at first is no difference, though it may be one to what an announced change left. */
function withWayBack(before: Snapshot, original: Snapshot, after: Snapshot): Snapshot {
  return new Map([...before, ...[...original].filter(([subject, was]) => after.get(subject) === was)]);
}

/** Findings that say that a view will hold or answer something else, and the one that says that it will not answer. */
const OTHER_ROWS = /^(?:view-under-policy|refresh-under-policy|stale-contents):/;
const NO_ANSWER = /^view-will-fail:/;

/** Differences that the plan did not say there would be. */
function unannounced(drawn: Case, differences: readonly string[], findings: readonly Finding[]): string[] {
  const of = (kind: RegExp): string[] =>
    findings.filter(({ id }) => kind.test(id)).map(({ id }) => id.replace(kind, ''));
  const [other, failing] = [of(OTHER_ROWS), of(NO_ANSWER)];
  const replaced = drawn.tables.filter(({ key }) => key === 'replaced');
  return differences.filter((line) => {
    const fails = line.includes(' became no answer');
    return (
      !(fails ? failing : [...other, ...failing]).some((view) => isOfRows(line, view)) &&
      !replaced.some((table) => isOfKey(line, table))
    );
  });
}

function isOfRows(line: string, view: string): boolean {
  return [`changed: ${ROWS}${view}: `, `changed: ${ROWS}${view} as `].some((start) => line.startsWith(start));
}

/** Of partitions, too, whose names begin with those of their tables. */
function isOfKey(line: string, { table: { schema, name } }: DrawnTable): boolean {
  return (
    line.startsWith(`changed: CONSTRAINT ${schema}.${name.slice(0, 40)}`) &&
    / became ADD CONSTRAINT .* PRIMARY KEY \(org, id/.test(line)
  );
}

/** @returns what is wrong with the SQL, which is a fault of a feature */
async function createCase({ target }: TestDatabase, drawn: Case): Promise<string | undefined> {
  return withClient(target, async (client) => {
    for (const statement of ['SET row_security TO on', ...renderCase(drawn)]) {
      try {
        await client.query(statement);
      } catch (cause) {
        return `${messageOf(cause)}: ${statement}`;
      }
    }
    return undefined;
  });
}
