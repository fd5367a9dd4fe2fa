import type { Workload } from '../../../config/workload/workload';
import { withClient, withTransaction } from '../../lib/connection';
import type { Reporter } from '../../lib/reporter';
import { bytes as asBytes, count, duration, table } from '../../lib/reporter';
import type { VerbContext } from '../../lib/verb';
import { fingerprintTables } from '../../database/observe/fingerprint';
import type { Fingerprint } from '../../database/observe/fingerprint';
import type { ClusterSteps, NodeHolding, RebalanceOutcome, Verification } from './cluster-steps';
import { recordOurTables } from '../engines/borrowed-database';
import type { LocalCluster } from '../engines/engine';
import { checkFacts } from './facts';
import { loadData } from './load';
import type { Order } from './order';
import type { ExplainedQuery } from './plans';
import { explainQuery, runAndExplain } from './plans';
import { realCluster } from './real-cluster';
import { simulatedCluster } from './simulated-cluster';
import type { Stages } from './stages';
import type { GeneratedData } from '../workloads';

/** Workers that are added: the smallest cluster Azure scales a single node out to. */
const WORKERS = 2;

export interface Journey {
  readonly workload: Workload;
  readonly data: GeneratedData;
  readonly order: Order;
  /** Takes over the cluster that is there, with its data, before anything is done to it. @default - it is ours already */
  readonly takeOver?: (() => Promise<void>) | undefined;
}

/** What the journey found, from its first table to its last check. */
export interface JourneyResult {
  readonly simulated: boolean;
  readonly placements: readonly NodeHolding[];
  /** Of the workload's first query that should ask one shard, and of its first that should ask all. */
  readonly tasks: {
    /** Shards that a query about one device, or whatever else the tables are distributed by, asks. */
    readonly perDevice: number | null;
    /** Shards that a query about all of them asks. */
    readonly allDevices: number | null;
  };
  /** What the tables are distributed by, in words. */
  readonly subject: GeneratedData['subject'];
  readonly rebalance: RebalanceOutcome;
  /** What the rebalance would take in the other order, where this one needed none and somebody can tell. */
  readonly estimate?: { readonly seconds: number };
  readonly verify: Verification;
}

/**
 * From an empty single node to a distributed, balanced and verified cluster, told to a person as it goes. Stops at the
 * start of a stage when it is asked to, and while rows are loaded.
 */
export async function runJourney(
  context: VerbContext,
  cluster: LocalCluster,
  journey: Journey,
  stages: Stages,
): Promise<JourneyResult> {
  const { reporter } = context;
  const { workload, order } = journey;
  const before = await prepareSingleNode(context, cluster, journey, stages);
  if (journey.takeOver !== undefined) {
    reporter.heading('Adopt the cluster that is there');
    await stages.run('adopt', journey.takeOver);
  }
  const steps = cluster.citus
    ? realCluster(context, cluster, workload, before)
    : await simulatedCluster(cluster.coordinator, workload, before);
  const story: Story = {
    steps,
    stages,
    reporter: steps.simulated ? markSimulated(reporter) : reporter,
    plain: reporter,
    cluster,
    journey,
  };
  if (steps.simulated) {
    reporter.info('');
    reporter.info(
      'There is no Citus in this PostgreSQL. What follows is computed from the rows above: the shard of every',
    );
    reporter.info(
      'row by PostgreSQL’s own hash functions, its node by Citus’s rule. Nothing is moved, and each line says so.',
    );
  }

  if (order === 'scale-first') {
    await scaleOut(story);
    await distribute(story);
  } else {
    await distribute(story);
    await scaleOut(story);
  }
  const rebalance = await rebalanceShards(story);
  const placements = await steps.holdings();
  const tasks = await taskCounts(story);
  const verify = await verifyAll(story);
  const estimate = steps.estimateMoves(movesOfOtherOrder(placements));
  return {
    simulated: steps.simulated,
    placements,
    tasks,
    subject: journey.data.subject,
    rebalance,
    ...(estimate === undefined ? {} : { estimate }),
    verify,
  };
}

interface Story {
  readonly steps: ClusterSteps;
  readonly stages: Stages;
  /** Marks what is simulated. */
  readonly reporter: Reporter;
  /** For what is real on every engine. */
  readonly plain: Reporter;
  readonly cluster: LocalCluster;
  readonly journey: Journey;
}

/** Schema, rows, queries and fingerprints: real on every engine. */
async function prepareSingleNode(
  context: VerbContext,
  cluster: LocalCluster,
  { workload, data }: Journey,
  stages: Stages,
): Promise<readonly Fingerprint[]> {
  const { reporter } = context;
  return withClient(
    cluster.coordinator,
    async (client) => {
      reporter.heading(`The ${workload.name} schema`);
      await stages.run('schema', () =>
        withTransaction(client, async () => {
          await client.query(workload.schemaSql);
          if (cluster.engine === 'citus-url') await recordOurTables(client);
        }),
      );
      const names = data.tables.map(({ table: name }) => name);
      reporter.info(
        `tables ${names.join(', ')}, owned by ${cluster.coordinator.user}, none of them distributed`,
      );
      for (const { table: name, partitions = [] } of data.tables) {
        const [first, last] = [partitions.at(0), partitions.at(-1)];
        if (first === undefined || last === undefined) continue;
        reporter.info(
          `${name}: ${count(partitions.length)} partitions by time, from ${first.from} to ${last.to}`,
        );
      }

      reporter.heading('The rows, streamed in with COPY');
      await stages.run('load', () =>
        loadData(client, data, {
          signal: context.signal,
          onTable({ table: name, rows }) {
            const progress = reporter.progress(name, rows, 'rows');
            return {
              update: (done) => progress.update(done),
              finish: () => {
                progress.update(rows);
                progress.finish();
              },
            };
          },
        }),
      );

      reporter.heading('The queries on one node');
      await stages.run('queries', async () => {
        for (const query of workload.queries) showQuery(reporter, await runAndExplain(client, query));
      });
      return stages.run('fingerprint', () =>
        fingerprintTables(
          client,
          workload.distribution.tables.map(({ table: name }) => name),
        ),
      );
    },
    { purpose: 'local' },
  );
}

async function scaleOut({ steps, stages, reporter, cluster }: Story): Promise<void> {
  if (!steps.simulated && !cluster.scalable) {
    reporter.heading('The workers');
    reporter.info(
      `this cluster is somebody else’s: it has ${nodesText(cluster.nodes.length)}, and keeps them`,
    );
    return;
  }
  reporter.heading('Scale out: a coordinator and two workers');
  const before = await steps.holdings();
  // On plain PostgreSQL there may still be somebody to ask for workers: Terraform, which is real everywhere.
  const asks = steps.simulated && cluster.scalable;
  const addWorkers = async (): Promise<void> => {
    if (asks) await cluster.addWorkers(WORKERS);
    await steps.addWorkers(WORKERS);
  };
  await stages.run('scale', addWorkers, { simulated: steps.simulated && !asks });
  const after = await steps.holdings();
  showTable(reporter, [
    ['node', 'shards before', 'after', 'bytes before', 'after'],
    ...after.map(({ node, shards, totalBytes }) => {
      const was = before.find((other) => other.node === node);
      return [
        node,
        was === undefined ? '' : count(was.shards),
        count(shards),
        was === undefined ? '' : asBytes(was.totalBytes),
        asBytes(totalBytes),
      ];
    }),
  ]);
  reporter.info('Adding nodes moves no data: all of it is where it was.');
}

async function distribute(story: Story): Promise<void> {
  const { steps, stages, reporter, journey } = story;
  const { tables, shardCount } = journey.workload.distribution;
  reporter.heading(`Distribute: ${count(shardCount)} shards`);
  for (const wanted of tables) {
    const name = wanted.table.name;
    if (wanted.kind === 'reference') reporter.info(`${name}: reference table, whole on every node`);
    else if (wanted.kind === 'distributed') reporter.info(`${name}: distributed by ${wanted.distributeBy}`);
    else reporter.info(`${name}: local, stays on the coordinator`);
  }
  await stages.run('distribute', () => steps.distribute(), { simulated: steps.simulated });
  showHoldings(reporter, await steps.holdings());
  reporter.info(journey.data.remark);
  await showTasks(story);
}

async function rebalanceShards({ steps, stages, reporter }: Story): Promise<RebalanceOutcome> {
  reporter.heading('Rebalance');
  const outcome = await stages.run('rebalance', () => steps.rebalance(), { simulated: steps.simulated });
  if (outcome.moves === 0) reporter.info('Nothing to move: every node has its share already.');
  else {
    reporter.info(`${count(outcome.moves)} shards moved, ${asBytes(outcome.bytes)}:`);
    showHoldings(reporter, await steps.holdings());
  }
  return outcome;
}

async function taskCounts({ steps, journey }: Story): Promise<JourneyResult['tasks']> {
  const tasksOf = async (expected: 1 | 'all'): Promise<number | null> => {
    const query = journey.workload.queries.find(({ expectedTasks }) => expectedTasks === expected);
    return query === undefined ? null : ((await steps.tasks(query)) ?? null);
  };
  return { perDevice: await tasksOf(1), allDevices: await tasksOf('all') };
}

async function verifyAll(story: Story): Promise<Verification> {
  const { steps, stages, reporter, plain, cluster, journey } = story;
  reporter.heading('Verify');
  const verify = async (): Promise<Verification> => {
    const { ok, checks } = await steps.verify();
    const facts = await withClient(cluster.coordinator, (client) => checkFacts(client, journey.data.facts));
    return { ok: ok && facts.every((fact) => fact.ok), checks: [...checks, ...facts] };
  };
  const verification = await stages.run('verify', verify, { simulated: steps.simulated });
  for (const check of verification.checks) {
    const line = `${check.id}: ${check.detail}`;
    const teller = check.simulated === true ? reporter : plain;
    if (check.ok) teller.info(line);
    else teller.warn(`does not hold: ${line}`);
  }
  return verification;
}

async function showTasks({ steps, reporter, cluster, journey }: Story): Promise<void> {
  for (const query of journey.workload.queries) {
    const tasks = await steps.tasks(query);
    reporter.info(`${query.name}: Task Count: ${tasks === undefined ? 'none' : String(tasks)}`);
    if (steps.simulated) continue;
    const plan = await withClient(cluster.coordinator, (client) => explainQuery(client, query));
    for (const line of plan.slice(0, DISTRIBUTED_PLAN_LINES)) reporter.info(`    ${line}`);
  }
}

/** The head of a distributed plan: what follows is the plan of one of its tasks. */
const DISTRIBUTED_PLAN_LINES = 3;

/** Lines of a plan that are worth showing; the rest repeats itself. */
const PLAN_LINES = 6;

function showQuery(reporter: Reporter, { name, rows, seconds, plan }: ExplainedQuery): void {
  reporter.info(`${name}: ${count(rows)} rows in ${duration(seconds)}`);
  for (const line of plan.slice(0, PLAN_LINES)) reporter.info(`    ${line.slice(0, 110)}`);
  if (plan.length > PLAN_LINES) reporter.info(`    and ${String(plan.length - PLAN_LINES)} lines more`);
}

function showHoldings(reporter: Reporter, holdings: readonly NodeHolding[]): void {
  showTable(reporter, [
    ['node', 'shards', 'bytes'],
    ...holdings.map(({ node, shards, bytes }) => [node, count(shards), asBytes(bytes)]),
  ]);
}

function showTable(reporter: Reporter, rows: readonly (readonly string[])[]): void {
  for (const line of table(rows).split('\n')) reporter.info(line);
}

/** In the other order, every shard that is on a worker now would have had to move there. */
function movesOfOtherOrder(placements: readonly NodeHolding[]): { readonly bytes: number }[] {
  return placements
    .slice(1)
    .flatMap(({ shards, bytes }) => Array.from({ length: shards }, () => ({ bytes: bytes / shards })));
}

function nodesText(nodes: number): string {
  return nodes === 1 ? 'one node' : `${String(nodes)} nodes`;
}

/** Says of each line that what it tells of was computed. */
function markSimulated(reporter: Reporter): Reporter {
  return {
    info: (text) => reporter.info(`[simulated] ${text}`),
    event: (event) => reporter.event(event),
    warn: (text) => reporter.warn(`[simulated] ${text}`),
    heading: (text) => reporter.heading(`${text} [simulated]`),
    progress: (label, total, unit) => reporter.progress(`[simulated] ${label}`, total, unit),
  };
}
