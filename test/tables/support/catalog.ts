import type { Distribution, ExpectedTable, TableName } from '../../../config/workload/distribution-types';
import type {
  CitusTable,
  LiveColumn,
  LiveDatabase,
  LiveForeignKey,
  LiveIdentity,
  LiveKey,
  LivePolicy,
  LiveTable,
  LiveSchema,
  LiveView,
} from '../../../scripts/database/model/live';

/** Catalogs as literal values: what `inspect` would have read. */

export const named = (name: string): TableName => ({ schema: 'public', name });

/** What a plan is sealed with beside them. */
export const sealedOf = {
  database: {
    name: 'citus',
    id: 'aa06',
    systemIdentifier: '7423',
    nodes: [{ groupId: 0, name: 'c', port: 5432 }],
  },
  sizes: {},
} as const;

export function column(name: string, type = 'integer', more: Partial<LiveColumn> = {}): LiveColumn {
  return {
    name,
    type,
    looseCollation: false,
    negativeScale: false,
    notNull: true,
    generated: false,
    hashable: true,
    ...more,
  };
}

export function key(
  name: string,
  kind: LiveKey['kind'],
  columns: LiveKey['columns'],
  more: Partial<LiveKey> = {},
): LiveKey {
  return {
    name,
    kind,
    columns,
    valid: true,
    include: [],
    options: [],
    deferrable: false,
    identifiesRows: false,
    dependents: [],
    ...more,
  };
}

export function primaryKey(table: string, columns: readonly string[], more: Partial<LiveKey> = {}): LiveKey {
  return key(`${table}_pkey`, 'primary', columns, more);
}

export function foreignKey(
  table: string,
  columns: readonly string[],
  references: string,
  more: Partial<LiveForeignKey> = {},
): LiveForeignKey {
  return {
    name: `${table}_${columns.join('_')}_fkey`,
    table: named(table),
    columns,
    references: named(references),
    referencedColumns: columns,
    usesKey: `${references}_pkey`,
    onDelete: 'a',
    onUpdate: 'a',
    validated: true,
    definition: `FOREIGN KEY (${columns.join(', ')}) REFERENCES public.${references}(${columns.join(', ')})`,
    ...more,
  };
}

export function liveTable(name: string, more: Partial<LiveTable> = {}): LiveTable {
  return {
    table: named(name),
    oid: 1,
    kind: 'table',
    inherits: false,
    unlogged: false,
    columnar: false,
    noPartitions: false,
    partitionsApart: [],
    owner: 'citus',
    partitionOwners: [],
    ours: true,
    rowEstimate: 100,
    bytes: 8192,
    hasHeap: true,
    replicaIdentity: 'default',
    triggers: [],
    leftColumnGrants: [],
    invalidIndexes: [],
    uncheckedDomains: [],
    viewRoles: [],
    setRoles: [],
    serverBound: [],
    columns: [column('id')],
    keys: [primaryKey(name, ['id'])],
    ownChecks: [],
    foreignKeys: [],
    comments: [],
    facts: [],
    partitionedBy: [],
    nested: false,
    identities: [],
    dependents: [],
    needs: [],
    clustered: [],
    policies: [],
    forced: [],
    partitionComments: [],
    uncheckedChecks: [],
    publications: [],
    subscriptions: [],
    extras: [],
    rules: [],
    citus: { kind: 'plain' },
    ...more,
  };
}

export function distributed(columnName: string, colocationId: number, shardCount = 32): CitusTable {
  return {
    kind: 'distributed',
    column: columnName,
    colocationId,
    shardCount,
    layout: 'even',
    placements: [{ groupId: 0, shards: shardCount, inactive: 0 }],
  };
}

/** Part of a distributed schema. */
export function inSchema(colocationId: number): CitusTable {
  return { kind: 'schema', colocationId, placements: [{ groupId: 0, shards: 1, inactive: 0 }] };
}

export const reference: CitusTable = {
  kind: 'reference',
  placements: [{ groupId: 0, shards: 1, inactive: 0 }],
};

export function liveDatabase(tables: readonly LiveTable[], more: Partial<LiveDatabase> = {}): LiveDatabase {
  return {
    database: 'citus',
    role: 'citus',
    walLevel: 'logical',
    citusVersion: '12.1-1',
    nodes: [{ groupId: 0, name: '127.0.0.1', port: 5432, shouldHaveShards: true, active: true }],
    tables,
    views: [],
    schemas: [],
    otherSchemas: [],
    otherTables: [],
    unnamedTables: [],
    defaultSequences: [],
    droppedForeignKeys: [],
    recordedComments: [],
    ownSchema: { exists: false, recordTable: false, commentTable: false, others: 0 },
    ...more,
  };
}

/** A column GENERATED AS IDENTITY, with PostgreSQL's own name for its sequence. */
export function identityOf(table: string, column = 'id'): LiveIdentity {
  return {
    column,
    needsQuotes: false,
    type: 'bigint',
    sequence: named(`${table}_${column}_seq`),
    cache: '1',
    extras: [],
  };
}

/** A materialized view over one table, without anything on it. */
export function materializedView(name: string, table: TableName, populated = true): LiveView {
  return {
    view: named(name),
    kind: 'materialized',
    populated,
    owner: 'citus',
    ours: true,
    bytes: 8192,
    tables: [table],
    views: [],
    forcedElsewhere: [],
    ownerBound: false,
    emptyByPolicy: [],
    definition: `SELECT count(*) FROM ${table.name}`,
    extras: [],
  };
}

/** A permissive policy for all commands. */
export function policyOf(table: TableName, more: Partial<LivePolicy> = {}): LivePolicy {
  return {
    table,
    name: 'own',
    permissive: true,
    command: 'ALL',
    roles: ['public'],
    subquery: false,
    calls: [],
    readsSetting: false,
    using: 'true',
    ...more,
  };
}

/** The sensors' tables on one node. */
export function sensors(
  more: Partial<Record<'types' | 'devices' | 'events', Partial<LiveTable>>> = {},
): LiveTable[] {
  return [
    liveTable('device_types', {
      columns: [column('device_type_id'), column('device_type', 'text')],
      keys: [primaryKey('device_types', ['device_type_id'])],
      ...more.types,
    }),
    liveTable('devices', {
      columns: [column('device_id'), column('device_type_id')],
      keys: [primaryKey('devices', ['device_id'])],
      foreignKeys: [foreignKey('devices', ['device_type_id'], 'device_types')],
      ...more.devices,
    }),
    liveTable('events', {
      columns: [column('event_id', 'bigint'), column('device_id')],
      keys: [primaryKey('events', ['event_id'])],
      foreignKeys: [foreignKey('events', ['device_id'], 'devices')],
      ...more.events,
    }),
  ];
}

export const sensorsTables: readonly ExpectedTable[] = [
  { kind: 'reference', table: named('device_types') },
  { kind: 'distributed', table: named('devices'), distributeBy: 'device_id' },
  {
    kind: 'distributed',
    table: named('events'),
    distributeBy: 'device_id',
    colocateWith: named('devices'),
    primaryKey: ['device_id', 'event_id'],
  },
];

export function distribution(more: Partial<Distribution> = {}): Distribution {
  return { shardCount: 32, online: true, tables: sensorsTables, ...more };
}

/** The sensors as they are once they are distributed. */
export function distributedSensors(events: Partial<LiveTable> = {}): LiveTable[] {
  return sensors({
    types: { citus: reference, hasHeap: false },
    devices: { citus: distributed('device_id', 7), hasHeap: false },
    events: {
      citus: distributed('device_id', 7),
      keys: [primaryKey('events', ['device_id', 'event_id'])],
      hasHeap: false,
      ...events,
    },
  });
}

export const schemaOf = (schema: string, more: Partial<LiveSchema> = {}): LiveSchema => ({
  schema,
  owner: 'citus',
  ours: true,
  extensions: [],
  othersTables: [],
  strayPartitions: [],
  ...more,
});

/** What a server has for logical replication, with nothing of it in use. */
export const idleServer = {
  slots: 10,
  slotsInUse: 0,
  senders: 10,
  sendersInUse: 0,
  applyWorkers: 4,
  workerProcesses: 8,
  outputPlugins: null,
};
