import type { Service } from '../../../config/azure/service-names';
import { bytes as asBytes, count, duration, table } from '../../lib/reporter';
import type { NodeHolding, Verification } from './cluster-steps';
import type { EngineName } from '../engines/engine';
import type { JourneyResult } from './journey';
import type { Order } from './order';
import type { Stage } from './stages';
import type { TerraformFacts } from '../terraform/rehearsal';

/** What `local run` answers with. */
export interface LocalRunDocument {
  readonly formatVersion: 1;
  readonly engine: EngineName;
  readonly workload: string;
  /** Rows of the largest table. */
  readonly rows: number;
  readonly order: Order;
  /** True where the engine has no Citus: all that is marked so was computed from the real rows and not done. */
  readonly simulated: boolean;
  readonly stages: readonly Stage[];
  /** Shards as they move (those of colocated tables count as one), with their bytes on disk. */
  readonly placements: readonly {
    readonly node: string;
    readonly shards: number;
    readonly bytes: number;
    readonly simulated?: true;
  }[];
  /**
   * Shards that a query about one device, and one about all devices, asks. In another workload: about one value of what
   * its tables are distributed by, and about all of them.
   */
  readonly tasks: {
    readonly perDevice: number | null;
    readonly allDevices: number | null;
    readonly simulated?: true;
  };
  readonly rebalance: { readonly moves: number; readonly bytes: number; readonly simulated?: true };
  readonly verify: Verification & { readonly simulated?: true };
  /** Present where Terraform deployed the cluster, against a stand-in for Azure. */
  readonly terraform?: TerraformFacts;
}

export interface RunFacts {
  readonly engine: EngineName;
  readonly workload: string;
  readonly rows: number;
  readonly order: Order;
  readonly stages: readonly Stage[];
  readonly terraform?: TerraformFacts;
}

/** The journey as a document for programs. Pure. */
export function runDocument(facts: RunFacts, result: JourneyResult): LocalRunDocument {
  const mark = result.simulated ? { simulated: true as const } : {};
  return {
    formatVersion: 1,
    ...facts,
    simulated: result.simulated,
    placements: result.placements.map(({ node, shards, bytes }) => ({ node, shards, bytes, ...mark })),
    tasks: { ...result.tasks, ...mark },
    rebalance: { moves: result.rebalance.moves, bytes: result.rebalance.bytes, ...mark },
    verify: { ok: result.verify.ok, checks: result.verify.checks, ...mark },
  };
}

/** The closing summary: where the rows are, what the queries ask, what the run and the other order cost. Pure. */
export function summaryText(facts: RunFacts, result: JourneyResult): string {
  const { placements, tasks, subject, verify } = result;
  const mark = result.simulated ? ' [simulated]' : '';
  const total = facts.stages.reduce((sum, { seconds }) => sum + seconds, 0);
  const wrong = verify.checks.filter(({ ok }) => !ok).length;
  const checks = `${count(verify.checks.length)} checks`;
  return [
    `${count(facts.rows)} rows of ${facts.workload} on ${facts.engine}, ${facts.order}, in ${duration(total)}`,
    '',
    table([
      ['stage', 'time', ''],
      ...facts.stages.map(({ name, seconds, simulated }) => [
        name,
        duration(seconds),
        simulated === true ? '[simulated]' : '',
      ]),
    ]),
    '',
    table([
      ['node', 'shards', 'bytes', ''],
      ...placements.map(({ node, shards, bytes }) => [node, count(shards), asBytes(bytes), mark.trim()]),
    ]),
    '',
    `Task Count: ${taskText(tasks.allDevices)} for all ${subject.all}, ${taskText(tasks.perDevice)} for one ${subject.one}${mark}`,
    wrong === 0
      ? `Verified: all ${checks} hold${mark}`
      : `Not verified: ${count(wrong)} of ${checks} do not hold${mark}`,
    '',
    ...(facts.terraform === undefined ? [] : [...terraformText(facts, facts.terraform), '']),
    `What the order costs${mark}`,
    ...orderText(facts, result).map((line) => `  ${line}`),
  ].join('\n');
}

/** What was deployed, and what of it was real. */
function terraformText({ engine }: RunFacts, terraform: TerraformFacts): string[] {
  const { version, provider, environment, service, adopted, deploys, requests } = terraform;
  return [
    SERVICE_WORDS[service],
    ...(adopted === undefined
      ? []
      : [
          `Adopted: a cluster made by hand, with its rows, described in a file and planned in ${duration(adopted.seconds)}: ${count(adopted.imports.length)} to import and nothing else.`,
        ]),
    table([
      [`cdktf deploy ${environment}`, 'imported', 'added', 'changed', 'destroyed', 'time'],
      ...deploys.map(({ stage, imported, added, changed, destroyed, seconds }) => [
        stage,
        count(imported),
        count(added),
        count(changed),
        count(destroyed),
        duration(seconds),
      ]),
    ]),
    'A plan after each of them had nothing left to do.',
    `Real: Terraform ${version}, the plugin ${provider} as it is published, ${ENGINE_WORDS[engine]}.`,
    `Stood in: Azure Resource Manager, by a server of this project on this machine. It answered ${count(requests)} requests, and none went to Azure.`,
  ];
}

const SERVICE_WORDS: Readonly<Record<Service, string>> = {
  'cosmosdb-postgresql': 'Service: cosmosdb-postgresql, a cluster of Azure Cosmos DB for PostgreSQL.',
  'elastic-cluster':
    'Service: elastic-cluster, of Azure Database for PostgreSQL: one host, its nodes told apart by port.',
};

const ENGINE_WORDS: Readonly<Record<EngineName, string>> = {
  'citus-url': 'the PostgreSQL and Citus that CITUS_URL names',
  docker: 'PostgreSQL and Citus in containers',
  native: 'PostgreSQL and Citus of this machine',
  embedded: 'PostgreSQL from npm, and no Citus',
};

function taskText(tasks: number | null): string {
  return tasks === null ? 'none' : String(tasks);
}

/** Both orders in words: this one as it was measured, the other one by what this one's figures say of it. */
function orderText({ order, stages }: RunFacts, result: JourneyResult): string[] {
  const { rebalance, placements, estimate, simulated } = result;
  const seconds = (name: string): string => {
    const stage = stages.find((each) => each.name === name);
    // A simulated stage takes no time that would mean anything.
    return stage === undefined || simulated ? '' : ` in ${duration(stage.seconds)}`;
  };
  if (order === 'scale-first') {
    const away = awayFromCoordinator(placements);
    const grounds =
      estimate === undefined || away.shards === 0
        ? ''
        : `, about ${duration(estimate.seconds)} as \`rebalance plan\` estimates it`;
    return [
      `scale first (this run): the tables were distributed${seconds('distribute')} straight to ${String(placements.length)} nodes,`,
      `and the rebalance had ${movesText(rebalance.moves, rebalance.bytes)} to make.`,
      'distribute first: all shards would start on the coordinator, and those that are on workers now would',
      `have to move there afterwards: ${movesText(away.shards, away.bytes)}${grounds}.`,
    ];
  }
  return [
    `distribute first (this run): the tables were distributed${seconds('distribute')} on one node, the workers joined empty,`,
    `and the rebalance made ${movesText(rebalance.moves, rebalance.bytes)}${seconds('rebalance')}.`,
    'scale first: the same distribution would write the shards to all nodes at once, and none of those moves',
    'would be needed. Distribute first when one node still has room for years; scale first when it is full.',
  ];
}

function awayFromCoordinator(placements: readonly NodeHolding[]): { shards: number; bytes: number } {
  return placements
    .filter(({ node }) => node !== 'coordinator')
    .reduce((sum, { shards, bytes }) => ({ shards: sum.shards + shards, bytes: sum.bytes + bytes }), {
      shards: 0,
      bytes: 0,
    });
}

function movesText(moves: number, bytes: number): string {
  if (moves === 0) return 'no move';
  return `${count(moves)} ${moves === 1 ? 'move' : 'moves'} of ${asBytes(Math.round(bytes))}`;
}
