import { z } from 'zod';
import { isServiceRole } from '../../config/azure/database-roles';
import { DAYS_OF_WEEK } from '../../config/azure/service-limits';
import type { MaintenanceWindow } from '../../config/azure/service-limits';
import type { FirewallRule } from '../../config/azure/firewall-rules';
import type { ClusterId } from './cluster-id';

/** The size of one kind of node. */
export interface FoundNode {
  readonly vCores: number;
  readonly storageGiB: number;
  /** As in `GeneralPurpose`. */
  readonly edition: string;
  readonly publicAccess: boolean;
}

/** A server parameter whose value is not the service's default. */
export interface FoundParameter {
  readonly name: string;
  readonly value: string;
}

/** The cluster itself, as Azure has it. */
export interface FoundCluster {
  readonly id: ClusterId;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `Ready`, unless something is going on. */
  readonly state: string;
  /** `Succeeded`, unless something is going on. */
  readonly provisioningState: string;
  readonly postgresVersion: number;
  readonly citusVersion: string;
  /** Workers; 0 for a single node. */
  readonly workers: number;
  readonly coordinator: FoundNode;
  /** Of the workers; of a single node, what Azure says they would be. */
  readonly worker: FoundNode;
  readonly coordinatorHoldsShards: boolean;
  readonly highAvailability: boolean;
  readonly zone?: string;
  readonly maintenanceWindow?: MaintenanceWindow;
  /** Of the cluster that this one is a replica of or was restored from. */
  readonly source?: string;
  /** The moment that the cluster was restored to; absent for a replica, and where Azure no longer says. */
  readonly restoredTo?: string;
  /** Ids of the replicas that follow this one. */
  readonly replicas: readonly string[];
}

/** A cluster and everything that belongs to it. */
export interface Found {
  readonly cluster: FoundCluster;
  /** Whether the cluster follows another one: it is read-only, and has the roles of its source. */
  readonly isReplica: boolean;
  readonly rules: readonly FirewallRule[];
  /** Roles that people made, without those of the service. */
  readonly roles: readonly string[];
  readonly parameters: {
    readonly coordinator: readonly FoundParameter[];
    readonly workers: readonly FoundParameter[];
  };
  /** Names of private endpoints, with the private DNS zones that have their addresses. */
  readonly endpoints: readonly { readonly name: string; readonly zones: readonly string[] }[];
  readonly locks: readonly { readonly name: string; readonly level: string; readonly on: string }[];
  readonly diagnostics: readonly { readonly name: string; readonly to: readonly string[] }[];
  readonly alerts: readonly string[];
  /** What this login may not read, with Azure's reason. */
  readonly unread: readonly { readonly what: string; readonly reason: string }[];
}

const whole = z.int();
const clusterSchema = z.object({
  location: z.string(),
  tags: z.record(z.string(), z.string()).nullish(),
  properties: z.object({
    provisioningState: z.string().default('Succeeded'),
    state: z.string().default('Ready'),
    postgresqlVersion: z.coerce.number(),
    citusVersion: z.string(),
    nodeCount: whole,
    coordinatorVCores: whole,
    coordinatorStorageQuotaInMb: whole,
    coordinatorServerEdition: z.string(),
    coordinatorEnablePublicIpAccess: z.boolean().default(false),
    nodeVCores: whole.default(0),
    nodeStorageQuotaInMb: whole.default(0),
    nodeServerEdition: z.string().default(''),
    nodeEnablePublicIpAccess: z.boolean().default(false),
    enableShardsOnCoordinator: z.boolean().nullish(),
    enableHa: z.boolean().default(false),
    preferredPrimaryZone: z.string().nullish(),
    maintenanceWindow: z
      .object({
        customWindow: z.string().optional(),
        dayOfWeek: whole.optional(),
        startHour: whole.optional(),
        startMinute: whole.optional(),
      })
      .nullish(),
    sourceResourceId: z.string().nullish(),
    pointInTimeUTC: z.string().nullish(),
    readReplicas: z.array(z.string()).nullish(),
  }),
});

/** Reads Azure's answer about a cluster. @throws ZodError where it is none */
export function clusterOf(id: ClusterId, answer: unknown): FoundCluster {
  const { location, tags, properties } = clusterSchema.parse(answer);
  const given = properties.maintenanceWindow;
  const day = DAYS_OF_WEEK[given?.dayOfWeek ?? 0];
  const zone = properties.preferredPrimaryZone ?? '';
  const source = properties.sourceResourceId ?? '';
  const restoredTo = properties.pointInTimeUTC ?? '';
  return {
    id,
    // The portal's way to write it is another text to Terraform.
    location: location.toLowerCase().replaceAll(' ', ''),
    tags: tags ?? {},
    state: properties.state,
    provisioningState: properties.provisioningState,
    postgresVersion: properties.postgresqlVersion,
    citusVersion: properties.citusVersion,
    workers: properties.nodeCount,
    coordinator: {
      vCores: properties.coordinatorVCores,
      storageGiB: properties.coordinatorStorageQuotaInMb / 1024,
      edition: properties.coordinatorServerEdition,
      publicAccess: properties.coordinatorEnablePublicIpAccess,
    },
    worker: {
      vCores: properties.nodeVCores,
      storageGiB: properties.nodeStorageQuotaInMb / 1024,
      edition: properties.nodeServerEdition,
      publicAccess: properties.nodeEnablePublicIpAccess,
    },
    coordinatorHoldsShards: properties.enableShardsOnCoordinator ?? properties.nodeCount === 0,
    highAvailability: properties.enableHa,
    ...(zone === '' ? {} : { zone }),
    ...(given?.customWindow?.toLowerCase() === 'enabled' && day !== undefined
      ? { maintenanceWindow: { day, startHour: given.startHour ?? 0, startMinute: given.startMinute ?? 0 } }
      : {}),
    ...(source === '' ? {} : { source }),
    ...(restoredTo === '' ? {} : { restoredTo }),
    replicas: properties.readReplicas ?? [],
  };
}

/**
 * What of Azure's answer about a cluster says how it is set, to be held against a later answer: times and what follows from
 * the clock are left out.
 */
export function settingsOf(answer: unknown): string {
  const { location, tags, properties } = z
    .object({ location: z.unknown(), tags: z.unknown().optional(), properties: z.looseObject({}) })
    .parse(answer);
  const set = Object.entries(properties)
    .filter(([name]) => name !== 'earliestRestoreTime')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([location, tags, set]);
}

/**
 * Whether a cluster that has a source follows it, by its servers, or, where they do not say, by what it was made of.
 *
 * @throws ZodError
 */
export function isReplica({ source, restoredTo }: FoundCluster, servers: readonly unknown[]): boolean {
  if (source === undefined) return false;
  const coordinator = servers
    .map((server) =>
      z
        .object({ properties: z.object({ role: z.string().optional(), isReadOnly: z.boolean().optional() }) })
        .parse(server),
    )
    .find(({ properties }) => properties.role === 'Coordinator');
  return coordinator?.properties.isReadOnly ?? restoredTo === undefined;
}

/** @throws ZodError */
export function ruleOf(answer: unknown): FirewallRule {
  const { name, properties } = z
    .object({
      name: z.string(),
      properties: z.object({ startIpAddress: z.string(), endIpAddress: z.string() }),
    })
    .parse(answer);
  return { name, from: properties.startIpAddress, to: properties.endIpAddress };
}

/** Names of the roles in a list, without those that every cluster has. @throws ZodError */
export function rolesOf(answers: readonly unknown[]): string[] {
  return answers.map(nameOf).filter((name) => !isServiceRole(name));
}

/** @throws ZodError */
export function nameOf(answer: unknown): string {
  return z.object({ name: z.string() }).parse(answer).name;
}

const configurationSchema = z.object({
  name: z.string(),
  properties: z.object({
    serverRoleGroupConfigurations: z.array(
      z.object({
        role: z.string(),
        value: z.string(),
        defaultValue: z.string().nullish(),
        source: z.string().nullish(),
      }),
    ),
  }),
});

/** The parameters of a list that have another value than the service gives them. @throws ZodError */
export function parametersOf(answers: readonly unknown[]): Found['parameters'] {
  const all = answers.flatMap((answer) => {
    const { name, properties } = configurationSchema.parse(answer);
    return properties.serverRoleGroupConfigurations
      .filter(({ value, defaultValue, source }) =>
        defaultValue === undefined || defaultValue === null
          ? source === 'user-override'
          : value !== defaultValue,
      )
      .map(({ role, value }) => ({ role: role.toLowerCase(), name, value }));
  });
  const ofRole = (wanted: string): FoundParameter[] =>
    all
      .filter(({ role }) => role === wanted)
      .map(({ name, value }) => ({ name, value }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { coordinator: ofRole('coordinator'), workers: ofRole('worker') };
}

/** Ids of the private endpoints in a list of connections. @throws ZodError */
export function endpointIdsOf(answers: readonly unknown[]): string[] {
  return answers.map(
    (answer) =>
      z.object({ properties: z.object({ privateEndpoint: z.object({ id: z.string() }) }) }).parse(answer)
        .properties.privateEndpoint.id,
  );
}

/** Names of the private DNS zones in a list of zone groups. @throws ZodError */
export function zonesOf(answers: readonly unknown[]): string[] {
  return answers.flatMap((answer) => {
    const { properties } = z
      .object({
        properties: z.object({
          privateDnsZoneConfigs: z
            .array(z.object({ properties: z.object({ privateDnsZoneId: z.string() }) }))
            .nullish(),
        }),
      })
      .parse(answer);
    return (properties.privateDnsZoneConfigs ?? []).map((each) => leafOf(each.properties.privateDnsZoneId));
  });
}

/** Locks of a list that bind the cluster: its own, and those of what it lies in. @throws ZodError */
export function locksOf(id: ClusterId, answers: readonly unknown[]): Found['locks'] {
  const locks = answers.map((answer) =>
    z.object({ id: z.string(), name: z.string(), properties: z.object({ level: z.string() }) }).parse(answer),
  );
  return locks.flatMap((lock) => {
    const scope = lock.id.replace(/\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i, '');
    const binds = scope.toLowerCase() === id.id.toLowerCase() || isAbove(scope, id);
    if (!binds) return [];
    return [
      { name: lock.name, level: lock.properties.level, on: isAbove(scope, id) ? leafOf(scope) : id.name },
    ];
  });
}

function isAbove(scope: string, { id }: ClusterId): boolean {
  return id.toLowerCase().startsWith(`${scope.toLowerCase()}/`) && !/\/providers\//i.test(scope);
}

/** @throws ZodError */
export function diagnosticOf(answer: unknown): Found['diagnostics'][number] {
  const sink = z.string().nullish();
  const { name, properties } = z
    .object({
      name: z.string(),
      properties: z.object({ workspaceId: sink, storageAccountId: sink, eventHubAuthorizationRuleId: sink }),
    })
    .parse(answer);
  const { workspaceId, storageAccountId, eventHubAuthorizationRuleId } = properties;
  const to = [workspaceId, storageAccountId, eventHubAuthorizationRuleId]
    .filter((each): each is string => typeof each === 'string' && each !== '')
    .map(leafOf);
  return { name, to };
}

/** Names of the alerts of a list that watch the cluster. @throws ZodError */
export function alertsOf(id: ClusterId, answers: readonly unknown[]): string[] {
  return answers.flatMap((answer) => {
    const { name, properties } = z
      .object({ name: z.string(), properties: z.object({ scopes: z.array(z.string()).default([]) }) })
      .parse(answer);
    const watched = properties.scopes.some((scope) => scope.toLowerCase() === id.id.toLowerCase());
    return watched ? [name] : [];
  });
}

function leafOf(id: string): string {
  return id.split('/').at(-1) ?? id;
}
