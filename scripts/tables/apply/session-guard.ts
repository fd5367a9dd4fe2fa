import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { allOf } from '../../../config/text/text';
import { describeServerError, isServerError, sqlStateOf, refused } from '../../lib/errors';
import type { LiveDatabase } from '../../database/model/live';
import { isOnlineCopy } from '../../database/model/step';
import type { TablesPlan } from '../plan/plan-document';

/**
 * Connections to each node that Citus keeps for the next step, which needs about as many: a statement for all shards of a small table
 * takes twice as long where it makes them anew.
 */
const CACHED_CONNECTIONS = 16;

/** The session gives up soon after its client is gone, so that a killed run does not work on unseen. */
export async function prepareSession(client: Client): Promise<number> {
  await client
    .query("SELECT set_config('client_connection_check_interval', '2s', false)")
    .catch((error: unknown) => {
      // Not every platform can tell that a client is gone.
      if (!['42704', '22023', '0A000'].includes(sqlStateOf(error) ?? '')) throw error;
    });
  await client.query("SELECT set_config('citus.max_cached_conns_per_worker', $1, false)", [
    CACHED_CONNECTIONS,
  ]);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

interface Session {
  readonly role: string;
  readonly database: string;
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly mayCreate: boolean;
  /** Milliseconds that a session of the role starts with, this one before it set its own; 0 for none. */
  readonly statementTimeout: number;
}

const SESSION = `
SELECT current_user::text AS role, current_database()::text AS database, pg_is_in_recovery() AS standby,
       (SELECT reset_val = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only') AS "readOnly",
       has_database_privilege(current_database(), 'CREATE') AS "mayCreate",
       (SELECT reset_val::float8 FROM pg_settings WHERE name = 'statement_timeout') AS "statementTimeout"`;

/**
 * Says before the first step what would stop one half-way: a session that cannot write, cannot keep the records that a
 * run must keep, or whose like on the nodes would be cut off in the middle of a copy.
 *
 * @throws ScaleoutError (refused) with the way out
 */
export async function requireAbleSession(
  client: Client,
  plan: TablesPlan,
  { eventTriggers = [] }: Pick<LiveDatabase, 'eventTriggers'>,
): Promise<void> {
  const problem =
    (await readSessionProblem(client, plan)) ?? (await eventTriggerProblem(client, eventTriggers));
  if (problem !== undefined) throw refused('tables.session-unable', `${problem}; nothing was changed`);
}

/** Why sessions of this login cannot do what a plan says, as far as looking tells; undefined where they can. */
export async function readSessionProblem(
  client: Client,
  plan: Pick<TablesPlan, 'steps'>,
): Promise<string | undefined> {
  const [session] = (await client.query<Session>(SESSION)).rows;
  return session && sessionProblem(session, plan);
}

/** What a run does to tables, on one of its own: event triggers fire for that as for any other. */
const PROBE = [
  'SET LOCAL citus.enable_ddl_propagation TO off',
  'CREATE SCHEMA scaleout_probe',
  'CREATE TABLE scaleout_probe.probe (id int CONSTRAINT probe_key PRIMARY KEY, n int)',
  'CREATE INDEX probe_n ON scaleout_probe.probe (n)',
  'ALTER TABLE scaleout_probe.probe ADD CONSTRAINT probe_fkey FOREIGN KEY (n) REFERENCES scaleout_probe.probe',
  'ALTER TABLE scaleout_probe.probe FORCE ROW LEVEL SECURITY',
  "COMMENT ON TABLE scaleout_probe.probe IS 'probe'",
  'ALTER TABLE scaleout_probe.probe DROP CONSTRAINT probe_fkey',
  'DROP TABLE scaleout_probe.probe',
  'DROP SCHEMA scaleout_probe',
];

/** Event triggers can stop any statement, and nobody knows which before one is tried: in a transaction that is rolled back. */
async function eventTriggerProblem(
  client: Client,
  eventTriggers: readonly string[],
): Promise<string | undefined> {
  if (eventTriggers.length === 0) return undefined;
  const names = eventTriggers.map((name) => escapeIdentifier(name));
  let statement = '';
  await client.query('BEGIN');
  try {
    for (statement of PROBE) await client.query(statement);
    return undefined;
  } catch (error) {
    if (!isServerError(error)) throw error;
    return (
      `a run does to tables what is stopped here (${names.length === 1 ? 'event trigger' : 'event triggers'} ${allOf(names)}), as a statement shows that was tried and rolled back: ` +
      `"${statement}" failed with ${describeServerError(error)} Let this role pass there, or for the time of the run ALTER EVENT TRIGGER ... DISABLE`
    );
  } finally {
    await client.query('ROLLBACK');
  }
}

function sessionProblem(session: Session, { steps }: Pick<TablesPlan, 'steps'>): string | undefined {
  const [role, database] = [session.role, session.database].map((name) => escapeIdentifier(name));
  if (session.standby) {
    return `database ${database} is a standby here, which only repeats what its primary does: connect to the primary and run this again`;
  }
  if (session.readOnly) {
    return (
      `sessions of role ${role} in database ${database} are read-only (default_transaction_read_only is on). Azure sets that when a disk is ` +
      'nearly full, and then the way out is more storage; where somebody set it for the role, the database or in PGOPTIONS, set it off, and run this again'
    );
  }
  if (!session.mayCreate) {
    return (
      `role ${role} may create no schema in database ${database}, and a run writes down in the schema scaleout what it has to bring back: ` +
      `GRANT CREATE ON DATABASE ${database} TO ${role} as the owner of the database, and run this again`
    );
  }
  const online = steps.find(isOnlineCopy);
  if (session.statementTimeout > 0 && online !== undefined) {
    return (
      `role ${role} has statement_timeout = ${String(session.statementTimeout)} ms, under which Citus opens its sessions on the nodes as well, and ` +
      `the online copy of ${online.table} would be cut off there. For the time of the run, ALTER ROLE ${role} IN DATABASE ${database} SET statement_timeout = 0, ` +
      'or say online: false in the specification, which skips the online copy and blocks writes instead'
    );
  }
  return undefined;
}
