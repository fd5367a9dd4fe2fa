import type { Parameter } from '../arm/parameter-kinds';
import { BIG, choice, integer, numeric, restarting, text, toggle } from '../arm/parameter-kinds';
import { allParameters } from '../postgresql/postgresql-parameters';

/** A parameter of a flexible server. */
export interface ServerParameter extends Parameter {
  /** Shown, and set by the service alone. */
  readonly readOnly: boolean;
}

/** What PostgreSQL 17 and Citus 13 no longer have, or the service does not show here. */
const GONE = ['force_parallel_mode', 'vacuum_defer_cleanup_age', 'citus.task_executor_type'];

const TLS = ['TLSv1.2', 'TLSv1.3'] as const;
const CODES = ['scram-sha-256', 'md5'] as const;

/** One or more of some words, with commas between them. */
function set(defaultValue: string, values: readonly string[]): Parameter {
  const wordsOf = (list: string): string[] => list.split(',').map((word) => word.trim());
  return {
    ...text(defaultValue),
    dataType: 'Set',
    allowedValues: values.join(','),
    allows: (value) => value === '' || wordsOf(value).every((word) => values.includes(word.toLowerCase())),
  };
}

/** Extensions that the service lets an elastic cluster have; Citus is there already. */
const EXTENSIONS = (
  'address_standardizer,address_standardizer_data_us,amcheck,azure_ai,azure_storage,bloom,btree_gin,btree_gist,citext,' +
  'cube,dblink,dict_int,dict_xsyn,earthdistance,fuzzystrmatch,hll,hstore,hypopg,intagg,intarray,isn,lo,ltree,orafce,' +
  'pageinspect,pgaudit,pg_buffercache,pg_cron,pgcrypto,pg_diskann,pg_freespacemap,pg_hint_plan,pglogical,pg_partman,' +
  'pg_prewarm,pg_repack,pgrouting,pgrowlocks,pg_squeeze,pg_stat_statements,pgstattuple,pg_trgm,pg_visibility,plpgsql,' +
  'plv8,postgis,postgis_raster,postgis_sfcgal,postgis_tiger_geocoder,postgres_fdw,semver,session_variable,sslinfo,' +
  'tablefunc,tds_fdw,topn,tsm_system_rows,tsm_system_time,unaccent,uuid-ossp,vector'
).split(',');

const LIBRARIES = (
  'age,anon,auto_explain,azure_storage,citus,credcheck,pgaudit,pg_cron,pg_failover_slots,pg_hint_plan,pg_partman_bgw,' +
  'pg_prewarm,pg_squeeze,pg_stat_statements,pglogical,timescaledb,wal2json'
).split(',');

/** What a flexible server has besides, or in another way. */
const OWN: Readonly<Record<string, Parameter>> = {
  'azure.accepted_password_auth_method': set('md5,scram-sha-256', [...CODES]),
  'azure.extensions': set('', EXTENSIONS),
  'citus.max_client_connections': integer(-1, -1, BIG),
  debug_parallel_query: choice('off', 'on', 'regress'),
  idle_session_timeout: integer(0, 0, BIG),
  'logfiles.download_enable': toggle('off'),
  'logfiles.retention_days': integer(3, 1, 7),
  max_prepared_transactions: restarting(integer(0, 0, 262_143)),
  max_locks_per_transaction: restarting(integer(64, 10, 8388)),
  max_logical_replication_workers: restarting(integer(4, 0, 262_143)),
  max_replication_slots: restarting(integer(10, 2, 262_143)),
  max_wal_senders: restarting(integer(10, 5, 100)),
  'metrics.autovacuum_diagnostics': toggle('off'),
  'metrics.collector_database_activity': toggle('off'),
  'metrics.pgbouncer_diagnostics': toggle('off'),
  password_encryption: choice('scram-sha-256', 'md5'),
  'pg_qs.query_capture_mode': choice('none', 'top', 'all'),
  'pg_qs.retention_period_in_days': integer(7, 1, 30),
  'pgbouncer.enabled': toggle('off'),
  'pgbouncer.max_client_conn': integer(5000, 1, 50_000),
  'pgbouncer.pool_mode': choice('transaction', 'session', 'statement'),
  'pgms_wait_sampling.query_capture_mode': choice('none', 'all'),
  require_secure_transport: toggle('on'),
  shared_buffers: restarting(integer(524_288, 16, 1_073_741_823)),
  shared_preload_libraries: restarting(set('citus,pg_cron,pg_stat_statements', LIBRARIES)),
  ssl_max_protocol_version: choice('', ...TLS),
  ssl_min_protocol_version: choice(TLS[0], TLS[1]),
  track_commit_timestamp: restarting(toggle('off')),
  wal_buffers: restarting(integer(2048, -1, 262_143)),
  wal_level: restarting(choice('replica', 'logical')),
  autovacuum_vacuum_insert_scale_factor: numeric(0.2, 0, 100),
  autovacuum_vacuum_insert_threshold: integer(1000, -1, BIG),
};

/** What the service sets and shows, and lets nobody change. */
const READ_ONLY: Readonly<Record<string, Parameter>> = {
  block_size: integer(8192, 8192, 8192),
  fsync: toggle('on'),
  full_page_writes: toggle('on'),
  max_identifier_length: integer(63, 63, 63),
  server_encoding: text('UTF8'),
  ssl: toggle('on'),
};

const PARAMETERS: ReadonlyMap<string, ServerParameter> = new Map(
  [
    ...allParameters().filter(([name]) => !GONE.includes(name)),
    ...Object.entries(OWN),
    ...Object.entries(READ_ONLY),
  ].map(([name, parameter]) => [name, { ...parameter, readOnly: Object.hasOwn(READ_ONLY, name) }]),
);

/** The parameter of that name, spelled exactly; undefined where the service knows none. Pure. */
export function serverParameterNamed(name: string): ServerParameter | undefined {
  return PARAMETERS.get(name);
}

/** Every parameter by its name. Pure. */
export function allServerParameters(): (readonly [name: string, parameter: ServerParameter])[] {
  return [...PARAMETERS];
}
