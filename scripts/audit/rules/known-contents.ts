import { oneOf } from '../../../config/text/text';
import { describeGap, numberAt } from '../stack/attributes';
import { CLIENT_CONFIG, CLUSTER, CLUSTERS, ELASTIC_CLUSTER, ROLE } from '../stack/azurerm';
import { RESOURCE_TYPES } from '../stack/resource-types';
import { blocksAt } from '../stack/blocks';
import { isBootstrap } from '../stack/bootstrap';
import { CLUSTER_PASSWORD, ignoredChanges, isAdopted, keepsUnknownPassword } from '../stack/ignored-changes';
import { IMPORT, ownImports } from '../stack/imports';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, problemOf, verdict } from '../rule-parts/rule';
import type { Block, Json, JsonObject, Synthesized } from '../stack/synthesized';
import { isObject, pointer, resourcesOf, section } from '../stack/synthesized';

/** Sections of a stack that a rule reads; `//` is the framework's own. */
const SECTIONS = new Set(['//', 'terraform', 'provider', 'variable', 'locals', 'output', 'resource', 'data']);
/** Data sources whose answer no rule needs to know. */
const DATA_TYPES = new Set([CLIENT_CONFIG]);
const CLUSTER_ID =
  /^\/subscriptions\/[^/${}]+\/resourceGroups\/[^/${}]+\/providers\/Microsoft\.DBforPostgreSQL\/serverGroupsv2\/[^/${}]+$/i;
const PROVIDER = 'azurerm';
const PROVIDER_SOURCE = /^(registry\.terraform\.io\/)?(hashicorp\/)?azurerm$/;

/** What makes of a block something else than is written there, or runs commands beside it. */
const UNJUDGED_ARGUMENTS: Readonly<Record<string, string>> = {
  count: 'how many there are is decided by the apply',
  for_each: 'how many there are is decided by the apply',
  dynamic: 'what they hold is decided by the apply',
  provisioner: 'it runs commands that nothing here describes',
  connection: 'it is how provisioners reach a machine, which runs commands that nothing here describes',
};

/** The other rules pass over what they do not know, so what none of them knows is found here. */
export const knownContents: Rule = {
  id: 'known-contents',
  level: 'error',
  property:
    'A stack holds a cluster, or where the states lie, and nothing the rules cannot judge: no other resource type, module, data source or provisioner, no judged argument that Terraform is to ignore, and nothing taken over but a cluster with what belongs to it.',
  why: 'What no rule knows passes every rule.',
  remedy: 'Remove it, or teach the rules about it.',
  controls: ['MCSB AM-2', 'MCSB PV-2'],
  check(stack) {
    return verdict([
      ...cluster(stack),
      ...sections(stack),
      ...imports(stack),
      ...dataSources(stack),
      ...providers(stack),
      ...stack.resources.flatMap((block) => [
        ...type(block),
        ...metaArguments(block),
        ...withoutNodes(block),
        ...ignored(stack, block),
      ]),
    ]);
  },
};

function cluster(stack: Synthesized): readonly Problem[] {
  if (resourcesOf(stack, ...CLUSTERS).length > 0 || isBootstrap(stack)) return [];
  return [
    atStack(
      stack,
      'no-cluster',
      '',
      'the stack holds no cluster, so most rules had nothing to judge: an environment is one cluster and what belongs to it',
    ),
  ];
}

function sections(stack: Synthesized): readonly Problem[] {
  return Object.entries(stack.document).flatMap(([name, value]) => {
    if (name === IMPORT || (SECTIONS.has(name) && isObject(value))) return [];
    const what = SECTIONS.has(name) ? `is no object` : 'holds what no rule can judge';
    return [
      atStack(
        stack,
        `section:${name}`,
        pointer(name),
        `the section "${name}" ${what}: remove it, or write what it stands for as resources of the stack`,
      ),
    ];
  });
}

function dataSources(stack: Synthesized): readonly Problem[] {
  return Object.keys(section(stack, 'data')).flatMap((name) =>
    DATA_TYPES.has(name)
      ? []
      : [
          atStack(
            stack,
            `data:${name}`,
            pointer('data', name),
            `the data source ${name} reads what no rule can judge: remove it, or write what it stands for as resources of the stack`,
          ),
        ],
  );
}

function providers(stack: Synthesized): readonly Problem[] {
  const required = section(stack, 'terraform')['required_providers'];
  const sources = Object.entries(isObject(required) ? required : {}).filter(([name, value]) => {
    const source = isObject(value) ? value['source'] : undefined;
    return name !== PROVIDER || typeof source !== 'string' || !PROVIDER_SOURCE.test(source);
  });
  const configured = Object.keys(section(stack, 'provider')).filter((name) => name !== PROVIDER);
  return [
    ...sources.map(([name]) => ({ name, at: pointer('terraform', 'required_providers', name) })),
    ...configured.map((name) => ({ name, at: pointer('provider', name) })),
  ].map(({ name, at }) =>
    atStack(
      stack,
      `provider:${name}`,
      at,
      `the provider ${name} is not hashicorp/azurerm: what its resources do no rule knows. Remove it`,
    ),
  );
}

function type(block: Block): readonly Problem[] {
  if (RESOURCE_TYPES.has(block.type)) return [];
  return [
    problemOf(
      block,
      `type:${block.type}`,
      `${block.type} is a type no rule knows, so nobody has judged it: remove it, or teach the rules about it`,
    ),
  ];
}

function metaArguments(block: Block): readonly Problem[] {
  return Object.entries(UNJUDGED_ARGUMENTS).flatMap(([name, why]) =>
    name in block.body
      ? [problemAt(block, name, `${name} cannot be judged: ${why}. Write the resources out`)]
      : [],
  );
}

/** A flexible server is an elastic cluster by its block; without it, Citus runs nowhere. */
function withoutNodes(block: Block): readonly Problem[] {
  if (block.type !== ELASTIC_CLUSTER) return [];
  const [nodes] = blocksAt(block.body, 'cluster');
  const size = numberAt(nodes ?? {}, 'size');
  if (size.state === 'value') return [];
  const gap = nodes === undefined ? 'cluster is not set' : `cluster.size ${describeGap(size)}`;
  return [
    problemAt(
      block,
      'cluster',
      `${gap}, and how many nodes there are only that says: a flexible server without it runs no Citus, and one that loses it is replaced. Write { size, default_database_name } out`,
    ),
  ];
}

function ignored(stack: Synthesized, block: Block): readonly Problem[] {
  return ignoredChanges(block).flatMap((name) => {
    // `tags["x"]` and `maintenance_window[0].start_hour` are parts of the argument they begin with.
    const argument = typeof name === 'string' ? /^[a-z_]+(?=$|[.[])/.exec(name.trim())?.[0] : undefined;
    if (isUnknownPassword(stack, block, argument) || isExchangedZone(block, name)) return [];
    return [
      problemAt(
        block,
        'lifecycle',
        `lifecycle.ignore_changes names ${JSON.stringify(name)}: what is live then stays as it is, whatever this file says and the rules judge. Take it out`,
        { check: `ignored:${argument ?? 'unreadable'}` },
      ),
    ];
  });
}

/** Azure tells no password of a cluster that was there before: Terraform would set another one, or drop the role. */
function isUnknownPassword(stack: Synthesized, block: Block, argument: string | undefined): boolean {
  if (block.type === CLUSTER) return argument === CLUSTER_PASSWORD && keepsUnknownPassword(block);
  return block.type === ROLE && argument === 'password' && isAdopted(stack);
}

/** In a failover, Azure exchanges the zones of a node and its standby, and Terraform is to leave them as they are. */
function isExchangedZone({ type }: Block, name: Json): boolean {
  return (
    type === ELASTIC_CLUSTER && (name === 'zone' || name === 'high_availability[0].standby_availability_zone')
  );
}

/** An environment takes over one cluster, and what belongs to it. */
function imports(stack: Synthesized): readonly Problem[] {
  if (!(IMPORT in stack.document)) return [];
  const blocks = blocksAt(stack.document, IMPORT);
  const addresses = new Set(stack.resources.map(({ address }) => address));
  const [, clusterId = ''] = [...ownImports(stack)].find(([to]) => to.startsWith(`${CLUSTER}.`)) ?? [];
  const isOfCluster = (id: Json | undefined): boolean =>
    typeof id === 'string' && (id === clusterId || id.startsWith(`${clusterId}/`));
  const isKnown = ({ to, id, ...more }: JsonObject): boolean =>
    typeof to === 'string' && addresses.has(to) && isOfCluster(id) && Object.keys(more).length === 0;
  const strangers = CLUSTER_ID.test(clusterId) ? blocks.filter((block) => !isKnown(block)) : blocks;
  if (strangers.length === 0) return [];
  return [
    atStack(
      stack,
      `section:${IMPORT}`,
      pointer(IMPORT),
      `the section "${IMPORT}" takes over ${oneOf(strangers.map(({ to }) => JSON.stringify(to ?? null)))}, which is no cluster of this stack and nothing of its own, written with its id: remove it`,
    ),
  ];
}

function atStack(stack: Synthesized, check: string, at: string, message: string): Problem {
  return { constructPath: stack.environment, pointer: at, check, message };
}
