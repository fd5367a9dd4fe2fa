import type { EnvironmentSettings } from '../../config/environment/environment';
import type { CoordinatorSize, WorkerSize } from '../../config/azure/service-limits';
import type { Description } from './description';

/**
 * The file of an environment, as a person would write it: in the order of the samples, with what is worth knowing beside
 * it, and nothing that the cluster does not have. Pure.
 */
export function environmentText(described: Description): string {
  const { name, cluster, workload, production, state } = described;
  const blocks = [
    ['# yaml-language-server: $schema=../schemas/environment.schema.json'],
    [
      `# The cluster ${cluster.id.name} as npx scaleout adopt found it. The first deploy takes it over and changes nothing.`,
      '# Once origin has imported: true, deploys set our tags, and a lock, a vault, monitoring and other settings can be added',
      '# here, each as a change of its own that is reviewed.',
      `name: ${scalar(name)}`,
      `location: ${scalar(cluster.location)}`,
      `resourceGroup: ${scalar(cluster.id.resourceGroup)}`,
      `workload: ${scalar(workload)}`,
      ...(production ? [] : ['# Set to true if it is: the audit then holds it to the rules of production.']),
      `production: ${String(production)}`,
    ],
    clusterText(described),
    networkText(described),
    rolesText(described),
    parametersText(described),
    stateText(state),
    tagsText(cluster.tags),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function clusterText({ cluster, coordinator, workers }: Description): string[] {
  const singleNode = cluster.workers === 0;
  return [
    'cluster:',
    `  name: ${scalar(cluster.id.name)}`,
    '  # The cluster that is there. Add imported: true once it is deployed.',
    '  origin:',
    `    adopt: ${scalar(cluster.id.id)}`,
    `  postgresVersion: ${String(cluster.postgresVersion)}`,
    `  citusVersion: ${quoted(cluster.citusVersion)}`,
    ...(singleNode && workers !== undefined
      ? [
          '  # Change to scaled-out to add the workers below. The cluster stays the same one, and there is no way back.',
        ]
      : []),
    `  stage: ${singleNode ? 'single-node' : 'scaled-out'}`,
    `  coordinator: ${coordinatorText(coordinator)}`,
    ...(workers === undefined ? [] : [`  workers: ${workersText(workers)}`]),
    `  coordinatorHoldsShards: ${String(cluster.coordinatorHoldsShards)}`,
    `  highAvailability: ${String(cluster.highAvailability)}`,
    ...(cluster.zone === undefined ? [] : [`  preferredPrimaryZone: ${quoted(cluster.zone)}`]),
    ...(cluster.maintenanceWindow === undefined
      ? []
      : [`  maintenanceWindow: ${flow({ ...cluster.maintenanceWindow })}`]),
    '  # Terraform refuses to destroy it. Azure itself does not yet: that is lockAgainstDeletion.',
    '  protectFromDestroy: true',
  ];
}

function networkText({ cluster, rules }: Description): string[] {
  const toWorkers = cluster.worker.publicAccess
    ? [
        '  # Found so. Applications reach every row through the coordinator: take it out once nothing connects to a worker.',
        `  workerPublicAccess: ${flow({ reason: 'Workers had public access when the cluster was adopted, to be reviewed' })}`,
      ]
    : [];
  if (!cluster.coordinator.publicAccess) {
    return [
      'network:',
      '  # Public access is off. Private endpoints and their DNS stay with those who made them.',
      '  access: private',
      ...toWorkers,
    ];
  }
  return [
    'network:',
    '  access: firewall',
    ...(rules.length === 0
      ? ['  # No rule was found: nobody reaches the cluster by its public address.', '  allow: []']
      : ['  allow:', ...rules.map(({ name, from, to }) => `    - ${flow({ name, from, to })}`)]),
    ...toWorkers,
  ];
}

function coordinatorText({ vCores, storageGiB, burstable, edition }: CoordinatorSize): string {
  return flow({
    vCores,
    storageGiB,
    ...(burstable ? { burstable } : {}),
    ...(edition === undefined ? {} : { edition }),
  });
}

function workersText({ count, vCores, storageGiB, edition }: WorkerSize): string {
  return flow({ count, vCores, storageGiB, ...(edition === undefined ? {} : { edition }) });
}

function rolesText({ roles }: Description): string[] {
  if (roles.length === 0) return [];
  return [
    '# Their passwords stay as they are: Azure does not tell them, and a deploy does not set them.',
    'roles:',
    ...roles.map((name) => `  - ${flow({ name })}`),
  ];
}

function parametersText({ parameters }: Description): string[] {
  const lines = (['coordinator', 'workers'] as const).flatMap((kind) =>
    parameters[kind].length === 0
      ? []
      : [`  ${kind}:`, ...parameters[kind].map(({ name, value }) => `    ${scalar(name)}: ${quoted(value)}`)],
  );
  return lines.length === 0 ? [] : ['parameters:', ...lines];
}

function stateText(state: EnvironmentSettings['state']): string[] {
  return ['state:', ...Object.entries(state).map(([key, value]) => `  ${key}: ${scalar(value)}`)];
}

function tagsText(tags: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(tags);
  if (entries.length === 0) return ['tags: {}'];
  return ['tags:', ...entries.map(([name, value]) => `  ${scalar(name)}: ${scalar(value)}`)];
}

type Value = string | number | boolean;

/** A mapping in braces. */
function flow(values: Readonly<Record<string, Value>>): string {
  const entries = Object.entries(values).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? scalar(value) : String(value)}`,
  );
  return `{ ${entries.join(', ')} }`;
}

/** Words that YAML of some version takes for something else than text. */
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** Text without quotes where no YAML takes it for anything else, wherever it stands. */
function scalar(text: string): string {
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(text);
  const isPlain = /^[A-Za-z/_][\w./-]*(?:[ +@][\w./-]+)*$/.test(text) && !WORDS.test(text);
  return isAddress || isPlain ? text : quoted(text);
}

function quoted(text: string): string {
  // Single quotes fold lines and have no escapes.
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}
