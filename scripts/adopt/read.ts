import { z } from 'zod';
import { refused, ScaleoutError } from '../lib/errors';
import type { Arm } from './arm';
import { ArmRefusal } from './arm';
import type { ClusterId } from './cluster-id';
import type { Found, FoundCluster } from './found';
import {
  alertsOf,
  clusterOf,
  diagnosticOf,
  endpointIdsOf,
  isReplica,
  locksOf,
  parametersOf,
  rolesOf,
  ruleOf,
  settingsOf,
  zonesOf,
} from './found';

const CLUSTERS = '2022-11-08';
const LOCKS = '2020-05-01';
const DIAGNOSTICS = '2021-05-01-preview';
const ALERTS = '2018-03-01';
const NETWORK = '2025-01-01';

/**
 * Reads a cluster and what belongs to it, the cluster twice: one that changes meanwhile is described wrongly.
 *
 * @throws ScaleoutError for a cluster that is not there, not ready, changed meanwhile, or that this login may not read
 */
export async function readCluster(arm: Arm, id: ClusterId): Promise<Found> {
  const first = await asked(id, 'the cluster', () => arm.get(id.id, CLUSTERS));
  const cluster = understood('the cluster', () => clusterOf(id, first));
  requireReady(cluster);
  const reading = new Reading(arm, id);
  const [parts, surroundings, servers] = await Promise.all([
    partsOf(reading),
    surroundingsOf(reading),
    cluster.source === undefined
      ? []
      : reading.optional('servers', `${id.id}/servers`, CLUSTERS, (all) => all),
  ]);
  const last = await asked(id, 'the cluster', () => arm.get(id.id, CLUSTERS));
  requireUnchanged(id, first, last);
  return {
    cluster,
    isReplica: understood('the servers', () => isReplica(cluster, servers)),
    ...parts,
    ...surroundings,
    unread: [...reading.unread].sort((a, b) => (a.what < b.what ? -1 : 1)),
  };
}

/** Reads lists that belong to one cluster. */
class Reading {
  readonly id: ClusterId;
  /** What could be left out, and was. */
  readonly unread: { readonly what: string; readonly reason: string }[] = [];
  readonly #arm: Arm;

  constructor(arm: Arm, id: ClusterId) {
    this.#arm = arm;
    this.id = id;
  }

  /** A list of the cluster without which no file can be written. @throws ScaleoutError */
  async needed<T>(what: string, path: string, read: (answers: readonly unknown[]) => T): Promise<T> {
    const answers = await asked(this.id, what, () => this.#arm.list(`${this.id.id}/${path}`, CLUSTERS));
    return understood(what, () => read(answers));
  }

  /** A list that is worth telling of. One that this login may not read is noted and empty. */
  async optional<T>(
    what: string,
    path: string,
    apiVersion: string,
    read: (answers: readonly unknown[]) => readonly T[],
  ): Promise<readonly T[]> {
    try {
      return read(await this.#arm.list(path, apiVersion));
    } catch (error) {
      if (!(error instanceof ArmRefusal || error instanceof z.ZodError)) throw error;
      const reason = error instanceof ArmRefusal ? error.code : 'an answer that is not understood';
      this.unread.push({ what, reason });
      return [];
    }
  }
}

/** What the file describes beside the cluster. */
async function partsOf(reading: Reading): Promise<Pick<Found, 'rules' | 'roles' | 'parameters'>> {
  const [rules, roles, parameters] = await Promise.all([
    reading.needed('the firewall rules', 'firewallRules', (answers) => answers.map(ruleOf)),
    reading.needed('the roles', 'roles', rolesOf),
    reading.needed('the server parameters', 'configurations', parametersOf),
  ]);
  return { rules: byName(rules), roles: [...roles].sort(), parameters };
}

/** What others made around the cluster. */
async function surroundingsOf(
  reading: Reading,
): Promise<Pick<Found, 'endpoints' | 'locks' | 'diagnostics' | 'alerts'>> {
  const { id } = reading;
  const group = `/subscriptions/${id.subscription}/resourceGroups/${id.resourceGroup}/providers`;
  const locks = 'Microsoft.Authorization/locks';
  const settings = `${id.id}/providers/Microsoft.Insights/diagnosticSettings`;
  const [endpoints, ownLocks, groupLocks, diagnostics, alerts] = await Promise.all([
    reading
      .optional('private endpoints', `${id.id}/privateEndpointConnections`, CLUSTERS, endpointIdsOf)
      .then((ids) => Promise.all(ids.map((endpoint) => endpointOf(reading, endpoint)))),
    reading.optional('locks', `${id.id}/providers/${locks}`, LOCKS, (all) => locksOf(id, all)),
    reading.optional('locks of the resource group', `${group}/${locks}`, LOCKS, (all) => locksOf(id, all)),
    reading.optional('diagnostic settings', settings, DIAGNOSTICS, (all) => all.map(diagnosticOf)),
    reading.optional('alerts', `${group}/Microsoft.Insights/metricAlerts`, ALERTS, (all) =>
      alertsOf(id, all),
    ),
  ]);
  const once = new Map([...ownLocks, ...groupLocks].map((lock) => [`${lock.on}/${lock.name}`, lock]));
  return {
    endpoints: byName(endpoints),
    locks: byName([...once.values()]),
    diagnostics: byName(diagnostics),
    alerts: [...alerts].sort(),
  };
}

async function endpointOf(reading: Reading, endpoint: string): Promise<Found['endpoints'][number]> {
  const name = endpoint.split('/').at(-1) ?? endpoint;
  const what = `DNS zones of the private endpoint ${name}`;
  return { name, zones: await reading.optional(what, `${endpoint}/privateDnsZoneGroups`, NETWORK, zonesOf) };
}

function byName<T extends { readonly name: string }>(values: readonly T[]): T[] {
  return [...values].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function asked<T>(id: ClusterId, what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof ArmRefusal ? explained(id, what, error) : error;
  }
}

function explained(id: ClusterId, what: string, { status, code, message }: ArmRefusal): ScaleoutError {
  if (status === 401) {
    return new ScaleoutError(
      'adopt.no-login',
      `Azure does not accept the login (${code}: ${firstSentence(message)}): check that it is of the tenant of subscription ${id.subscription}, and log in again. Nothing was written`,
    );
  }
  if (status === 403) {
    return new ScaleoutError(
      'adopt.not-readable',
      `the login may not read ${what} of ${id.name} (${code}): give it the role Reader on the resource group ${id.resourceGroup}, and run the command again. Nothing was written`,
    );
  }
  if (status === 404) {
    const place =
      code === 'ResourceGroupNotFound'
        ? `subscription ${id.subscription} has no resource group ${id.resourceGroup}`
        : code === 'SubscriptionNotFound'
          ? `this login sees no subscription ${id.subscription}`
          : `the resource group ${id.resourceGroup} has no cluster ${id.name}`;
    return new ScaleoutError(
      'adopt.cluster-missing',
      `${place}: check the id with az resource list --resource-type Microsoft.DBforPostgreSQL/serverGroupsv2 --query "[].id". Nothing was written`,
    );
  }
  return new ScaleoutError(
    'adopt.not-readable',
    `Azure answers ${String(status)} where ${what} of ${id.name} is read (${code}: ${firstSentence(message)}): run the command again. Nothing was written`,
  );
}

function understood<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const at = error.issues[0]?.path.join('.') ?? '';
    throw new ScaleoutError(
      'adopt.not-readable',
      `Azure describes ${what} in a way that this program does not understand${at === '' ? '' : ` (at ${at})`}: report it with the cluster's JSON from az resource show. Nothing was written`,
      { cause: error },
    );
  }
}

function requireReady({ id, state, provisioningState }: FoundCluster): void {
  if (state === 'Ready' && provisioningState === 'Succeeded') return;
  const now =
    state === 'Ready' ? `its last change is ${provisioningState}` : `it is ${state} (${provisioningState})`;
  const way =
    state === 'Stopped' || state === 'Disabled'
      ? `start it, as in az cosmosdb postgres cluster start --cluster-name ${id.name} --resource-group ${id.resourceGroup}, and run the command again`
      : provisioningState === 'Failed'
        ? 'see in its activity log why the change failed, put it right, and run the command again'
        : 'wait until the change has ended, and run the command again';
  throw refused(
    'adopt.cluster-not-ready',
    `the cluster ${id.name} is not ready: ${now}. What is read now may be other in a minute: ${way}. Nothing was written`,
  );
}

function requireUnchanged(id: ClusterId, first: unknown, last: unknown): void {
  if (settingsOf(first) === settingsOf(last)) return;
  throw refused(
    'adopt.changed-meanwhile',
    `the cluster ${id.name} changed while it was read: find who changes it, let them finish, and run the command again. Nothing was written`,
  );
}

function firstSentence(message: string): string {
  return message.split(/[\r\n]/)[0]?.replace(/\.$/, '') ?? '';
}
