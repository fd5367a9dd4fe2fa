/**
 * Server parameters that can be set through the service, as far as the stand-in knows them. The service tunes some of
 * the defaults to the size of a node; here they are PostgreSQL's and Citus's own. Times are in milliseconds and sizes
 * in kB unless PostgreSQL measures them otherwise, and a value is a plain number: units are not understood.
 */

export interface Parameter {
  readonly dataType: 'Boolean' | 'Enumeration' | 'Integer' | 'Numeric';
  readonly defaultValue: string;
  /** As the service spells them: `on,off`, or `1-1000`. */
  readonly allowedValues: string;
  /** Whether a change waits for a restart. */
  readonly requiresRestart: boolean;
  readonly allows: (value: string) => boolean;
}

const BIG = 2_147_483_647;

function choice(defaultValue: string, ...others: readonly string[]): Parameter {
  const values = [defaultValue, ...others];
  return {
    dataType: 'Enumeration',
    defaultValue,
    allowedValues: values.join(','),
    requiresRestart: false,
    allows: (value) => values.includes(value),
  };
}

const toggle = (defaultValue: 'on' | 'off'): Parameter => ({
  ...choice(defaultValue, defaultValue === 'on' ? 'off' : 'on'),
  dataType: 'Boolean',
  allowedValues: 'on,off',
});

function range(
  dataType: 'Integer' | 'Numeric',
  format: RegExp,
  defaultValue: number,
  from: number,
  to: number,
): Parameter {
  return {
    dataType,
    defaultValue: String(defaultValue),
    allowedValues: `${String(from)}-${String(to)}`,
    requiresRestart: false,
    allows: (value) => format.test(value) && Number(value) >= from && Number(value) <= to,
  };
}
const integer = (defaultValue: number, from: number, to: number): Parameter =>
  range('Integer', /^-?\d+$/, defaultValue, from, to);
const numeric = (defaultValue: number, from: number, to: number): Parameter =>
  range('Numeric', /^-?\d+(\.\d+)?$/, defaultValue, from, to);
const restarting = (parameter: Parameter): Parameter => ({ ...parameter, requiresRestart: true });

const parameters: Readonly<Record<string, Parameter>> = {
  array_nulls: toggle('on'),
  autovacuum_analyze_scale_factor: numeric(0.1, 0, 100),
  autovacuum_max_workers: restarting(integer(3, 1, 262_143)),
  autovacuum_naptime: integer(60, 1, 2_147_483),
  autovacuum_vacuum_cost_limit: integer(-1, -1, 10_000),
  autovacuum_vacuum_scale_factor: numeric(0.2, 0, 100),
  backslash_quote: choice('safe_encoding', 'on', 'off'),
  bytea_output: choice('hex', 'escape'),
  checkpoint_completion_target: numeric(0.9, 0, 1),
  checkpoint_timeout: integer(300, 30, 86_400),
  client_min_messages: choice(
    'notice',
    'debug5',
    'debug4',
    'debug3',
    'debug2',
    'debug1',
    'log',
    'warning',
    'error',
  ),
  deadlock_timeout: integer(1000, 1, BIG),
  default_statistics_target: integer(100, 1, 10_000),
  default_transaction_isolation: choice(
    'read committed',
    'serializable',
    'repeatable read',
    'read uncommitted',
  ),
  effective_cache_size: integer(524_288, 1, BIG),
  idle_in_transaction_session_timeout: integer(0, 0, BIG),
  jit: toggle('on'),
  lock_timeout: integer(0, 0, BIG),
  log_connections: toggle('off'),
  log_disconnections: toggle('off'),
  log_lock_waits: toggle('off'),
  log_min_duration_statement: integer(-1, -1, BIG),
  log_statement: choice('none', 'ddl', 'mod', 'all'),
  maintenance_work_mem: integer(65_536, 1024, BIG),
  max_connections: restarting(integer(300, 25, 5000)),
  max_parallel_workers: integer(8, 0, 1024),
  max_parallel_workers_per_gather: integer(2, 0, 1024),
  max_wal_size: integer(1024, 2, BIG),
  max_worker_processes: restarting(integer(8, 0, 262_143)),
  random_page_cost: numeric(4, 0, 1_000_000),
  statement_timeout: integer(0, 0, BIG),
  synchronous_commit: choice('on', 'off', 'local', 'remote_write', 'remote_apply'),
  tcp_keepalives_idle: integer(0, 0, BIG),
  work_mem: integer(4096, 4096, 2_097_151),
  'citus.background_task_queue_interval': integer(5000, -1, 604_800_000),
  'citus.count_distinct_error_rate': numeric(0, 0, 1),
  'citus.defer_shard_delete_interval': integer(15_000, -1, 604_800_000),
  'citus.desired_percent_disk_available_after_move': numeric(10, 0, 100),
  'citus.distributed_deadlock_detection_factor': numeric(2, -1, 1000),
  'citus.enable_local_execution': toggle('on'),
  'citus.enable_local_reference_table_foreign_keys': toggle('on'),
  'citus.enable_repartition_joins': toggle('off'),
  'citus.explain_all_tasks': toggle('off'),
  'citus.limit_clause_row_fetch_count': integer(-1, -1, BIG),
  'citus.local_table_join_policy': choice('auto', 'never', 'prefer-local', 'prefer-distributed'),
  'citus.log_remote_commands': toggle('off'),
  'citus.logical_replication_timeout': integer(7_200_000, 0, 604_800_000),
  'citus.max_adaptive_executor_pool_size': integer(16, 1, BIG),
  'citus.max_background_task_executors': integer(4, 1, 1000),
  'citus.max_background_task_executors_per_node': integer(1, 1, 128),
  'citus.max_cached_conns_per_worker': integer(1, 0, BIG),
  'citus.max_intermediate_result_size': integer(1_048_576, -1, BIG),
  'citus.max_shared_pool_size': integer(0, -1, BIG),
  'citus.multi_shard_modify_mode': choice('parallel', 'sequential'),
  'citus.multi_task_query_log_level': choice(
    'off',
    'debug5',
    'debug4',
    'debug3',
    'debug2',
    'debug1',
    'log',
    'notice',
    'warning',
    'error',
  ),
  'citus.node_connection_timeout': integer(30_000, 10, 3_600_000),
  'citus.propagate_set_commands': choice('none', 'local'),
  'citus.rebalancer_by_disk_size_base_cost': integer(104_857_600, 0, BIG),
  'citus.shard_count': integer(32, 1, 64_000),
  'citus.stat_statements_track': choice('none', 'all'),
  'citus.task_assignment_policy': choice('greedy', 'first-replica', 'round-robin'),
  'citus.use_citus_managed_tables': toggle('off'),
};

/** The parameter of that name, spelled exactly; undefined where the service knows none. Pure. */
export function parameterNamed(name: string): Parameter | undefined {
  return Object.hasOwn(parameters, name) ? parameters[name] : undefined;
}
