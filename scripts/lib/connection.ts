import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import pgpass from 'pgpass';
import {
  describeServerError,
  EXIT,
  InterruptedError,
  isServerError,
  nodeCodeOf,
  ScaleoutError,
  sqlStateOf,
} from './errors';
import type { Reporter } from './reporter';

/** Where a database is and how to reach it. The password stays inside and is in no message. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** @default - what PGPASSFILE or ~/.pgpass says, once the server asks */
  readonly password?: string;
  /** `verify-full` unless the host is this machine. */
  readonly sslMode: 'disable' | 'verify-full';
  /**
   * Milliseconds to go on trying while the server answers `no pg_hba.conf entry`: on Azure a new firewall rule takes up
   * to five minutes. @default 0
   */
  readonly waitForFirewallMs?: number;
  /** What PGOPTIONS has a session of the person's begin with, such as `-c role=owner`. @default - nothing */
  readonly options?: string;
  /** File with the certificate authority's certificate (PEM); absent trusts those Node.js ships, DigiCert Global Root G2 of Azure among them. */
  readonly sslRootCert?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** This program's sessions, as `pg_stat_activity.application_name` shows them. */
export const APPLICATION_NAME = 'scaleout';

/** Milliseconds a server has to accept a connection. */
const CONNECT_TIMEOUT_MS = 15_000;

/**
 * What a role, a database or PGOPTIONS may have set for its sessions, and this program cannot do with: what cuts long work off, and
 * what has the server write values, names and literals otherwise than they are read here. PostgreSQL's own defaults, but for the
 * order of day and month, in which a person's own queries may be written, and for `row_security`: where policies hide rows from this
 * role, reading fails, instead of answering with what they show.
 */
const TIMEOUTS = {
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  lock_timeout: '0',
} as const;
const OWN_SETTINGS = {
  ...TIMEOUTS,
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  row_security: 'off',
  default_table_access_method: 'heap',
} as const;

const SET_OWN = `SELECT ${Object.entries(OWN_SETTINGS)
  .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  .join(', ')}`;

/** Milliseconds between two attempts while a firewall rule comes into force. */
const FIREWALL_INTERVAL_MS = 5000;

/**
 * The target from the standard libpq variables (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE,
 * PGSSLROOTCERT, PGOPTIONS), overridden by `overrides`, which is what Terraform's outputs say of an environment.
 *
 * @throws ScaleoutError naming the variable that is missing or wrong
 */
export function targetFromEnvironment(
  environment: Environment,
  overrides: Partial<ConnectionTarget> = {},
): ConnectionTarget {
  const host = overrides.host ?? environment['PGHOST'];
  if (host === undefined || host === '') {
    throw new ScaleoutError(
      'cluster.not-named',
      'no database was named: say which with --env NAME (an environment that is deployed), --url URL, or the libpq ' +
        'variables (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE)' +
        (given(environment['PGSERVICE']) === undefined ? '' : '; PGSERVICE is not read here'),
    );
  }
  const port = overrides.port ?? Number(environment['PGPORT'] ?? '5432');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new ScaleoutError(
      'cluster.invalid-address',
      `PGPORT is "${environment['PGPORT'] ?? ''}": a port is a whole number from 1 to 65535`,
    );
  }
  const user = overrides.user ?? environment['PGUSER'] ?? 'citus';
  const password = overrides.password ?? environment['PGPASSWORD'];
  const sslRootCert = overrides.sslRootCert ?? environment['PGSSLROOTCERT'];
  const options = overrides.options ?? given(environment['PGOPTIONS']);
  return {
    host,
    port,
    user,
    database: overrides.database ?? environment['PGDATABASE'] ?? user,
    sslMode: sslModeFor(host, environment['PGSSLMODE']),
    ...(password === undefined ? {} : { password }),
    ...(options === undefined ? {} : { options }),
    ...(sslRootCert === undefined || sslRootCert === 'system' ? {} : { sslRootCert }),
  };
}

/**
 * The target from a `postgresql://` URL. A password in it is refused when the URL came as an argument, where every
 * user of the machine could read it; from an environment variable (`CITUS_URL`) it is accepted.
 *
 * @example
 * targetFromUrl('postgresql://citus@c-wwi.postgres.cosmos.azure.com:5432/citus', process.env, { argument: true });
 *
 * @throws ScaleoutError for what is no such URL, or has a password that an argument may not have
 */
export function targetFromUrl(
  url: string,
  environment: Environment,
  from: { readonly argument: boolean; readonly flag?: string | undefined },
): ConnectionTarget {
  const parsed = parseUrl(url);
  if (from.argument && parsed.password !== '') {
    throw new ScaleoutError(
      'cluster.password-in-url',
      `${from.flag ?? '--url'} holds a password, which every process of this machine can read: leave it out of the URL and set PGPASSWORD, or PGPASSFILE with a line for each server`,
    );
  }
  const part = (value: string | null): string | undefined => {
    const text = given(value ?? undefined);
    return text === undefined ? undefined : decodePart(text);
  };
  // A URL's own words win over the variables; what it leaves out comes from them.
  return targetFromEnvironment({
    ...environment,
    PGHOST: part(parsed.hostname.replace(/^\[|\]$/g, '')) ?? environment['PGHOST'],
    PGPORT: part(parsed.port) ?? environment['PGPORT'],
    PGUSER: part(parsed.username) ?? environment['PGUSER'],
    PGPASSWORD: part(parsed.password) ?? environment['PGPASSWORD'],
    PGDATABASE: part(parsed.pathname.slice(1)) ?? environment['PGDATABASE'],
    PGSSLMODE: part(parsed.searchParams.get('sslmode')) ?? environment['PGSSLMODE'],
    PGSSLROOTCERT: part(parsed.searchParams.get('sslrootcert')) ?? environment['PGSSLROOTCERT'],
    PGOPTIONS: given(parsed.searchParams.get('options') ?? undefined) ?? environment['PGOPTIONS'],
  });
}

/** A variable that is set to nothing says nothing. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/**
 * PGOPTIONS without timeouts, which this program sets itself: as part of the login one would look as if the role had it, under
 * which Citus opens its sessions on the nodes. Pure.
 */
export function loginOptions(options: string): string {
  // As PostgreSQL splits them: at blanks, unless a backslash stands before one.
  const words = options.match(/(?:\\.|\S)+/gs) ?? [];
  const kept: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const entry = word === '-c' ? [word, words[(at += 1)] ?? ''] : [word];
    const name =
      entry
        .at(-1)
        ?.replace(/^(?:--|-c)?/, '')
        .split('=')[0] ?? '';
    if (!Object.hasOwn(TIMEOUTS, name.toLowerCase().replaceAll('-', '_'))) kept.push(...entry);
  }
  return kept.join(' ');
}

function parseUrl(url: string): URL {
  const parsed = /^postgres(ql)?:\/\//.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined) return parsed;
  throw unreadableUrl();
}

/** A part of a URL as it was meant; a percent sign of its own is written `%25`. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unreadableUrl();
  }
}

/** Repeats nothing of the URL, which may hold a password. */
function unreadableUrl(): ScaleoutError {
  return new ScaleoutError(
    'cluster.invalid-address',
    'the database URL cannot be read: it has the form postgresql://USER@HOST:PORT/DATABASE, with the password in PGPASSWORD, and a % in a name written as %25',
  );
}

/** True for addresses that never leave this machine: loopback and Unix sockets. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('/') || /^127(\.\d{1,3}){3}$/.test(host);
}

function sslModeFor(host: string, requested: string | undefined): ConnectionTarget['sslMode'] {
  if (requested === undefined || requested === '' || requested === 'verify-full') {
    return requested === 'verify-full' || !isThisMachine(host) ? 'verify-full' : 'disable';
  }
  if (isThisMachine(host)) return 'disable';
  throw new ScaleoutError(
    'cluster.tls',
    `PGSSLMODE is "${requested}", and ${host} is not this machine: only verify-full proves which server answers, so unset PGSSLMODE or set it to verify-full`,
  );
}

/** `citus@host:5432/citus`: the target as messages name it, without the password. */
export function describeTarget(target: ConnectionTarget): string {
  return `${target.user}@${target.host}:${String(target.port)}/${target.database}`;
}

export interface ConnectOptions {
  /** Told while this waits for the firewall. */
  readonly reporter?: Reporter;
  /** Appended to the application name, e.g. the verb. */
  readonly purpose?: string;
  /** Refuse a transaction pooler, before this session leaves settings or locks in one of its server sessions. @default false */
  readonly direct?: boolean;
  /** Only for work that changes nothing: once aborted, the connection is cut wherever the work stands. */
  readonly signal?: AbortSignal;
}

/**
 * Opens one connection, hands it to `use` and closes it whatever happens. Sessions run without statement timeout
 * and with an English, typed setup that the rest of the program relies on.
 *
 * @throws ScaleoutError when the server cannot be reached or refuses the login, in one paragraph
 */
export async function withClient<T>(
  target: ConnectionTarget,
  use: (client: Client) => Promise<T>,
  options: ConnectOptions = {},
): Promise<T> {
  const client = await connect(target, options);
  // A server that goes away emits 'error' on the client, outside any query; the query in flight rejects as well,
  // and that is where it is reported.
  let lost: Error | undefined;
  client.on('error', (error) => {
    lost = error;
  });
  const { signal } = options;
  const cut = (): void => {
    cutSocket(client);
  };
  signal?.addEventListener('abort', cut, { once: true });
  try {
    if (signal?.aborted === true) throw new InterruptedError('stopped as asked; nothing was changed');
    return await use(client);
  } catch (error) {
    if (signal?.aborted === true) throw new InterruptedError('stopped as asked; nothing was changed');
    // What is said in our own words says more; a session that only looked on may be lost beside it.
    if (!(error instanceof ScaleoutError) && (lost !== undefined || isConnectionLoss(error))) {
      throw new ScaleoutError(
        'cluster.connection-lost',
        `the connection to ${describeTarget(target)} was lost in the middle of the work (${lost?.message ?? (error instanceof Error ? error.message : String(error))}). ` +
          'What was committed stays; when the server is back, run the same command again and it goes on from there',
        { cause: error, details: { host: target.host, port: target.port, database: target.database } },
      );
    }
    throw error;
  } finally {
    signal?.removeEventListener('abort', cut);
    await client.end().catch(() => undefined);
  }
}

/** Ends the socket under a query in flight, which then rejects; `end()` alone would wait for its answer. */
function cutSocket(client: Client): void {
  (client as Client & { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
}

function newClient(target: ConnectionTarget, { purpose }: ConnectOptions): Client {
  const client = new Client({
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    password: target.password ?? (() => passwordFromFile(target)),
    ...(target.sslMode === 'disable' ? NO_TLS : { ssl: tlsOptions(target) }),
    application_name: [APPLICATION_NAME, purpose].filter(Boolean).join(' '),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  setLoginOptions(client, target.options);
  // A session that ends before its user listens fails the next query, not the process.
  client.on('error', () => undefined);
  return client;
}

/** Where PgBouncer listens on Azure, of an elastic cluster before any node too, and by its own default. */
const POOLER_PORTS: readonly number[] = [6432, 8432];

function poolerError({ host, port }: ConnectionTarget, seen: string): ScaleoutError {
  return new ScaleoutError(
    'cluster.pooler',
    `${host}:${String(port)} is a transaction pooler (${seen}), which hands each transaction to another session: locks and settings of a run stay in sessions of the pool. ` +
      'Connect to the server itself: set PGPORT or the port of the URL to its own port, which is 5432 on Azure. Nothing was changed',
    { exitCode: EXIT.refused, details: { host, port } },
  );
}

/** Of an elastic cluster: each connection to it is another node's. */
const ANY_NODE_PORT = 7432;
const ELASTIC_HOST = /\.postgres\.database\.azure\.com$/i;

/** @throws ScaleoutError (refused) where the sessions of one run would be on several nodes */
function requireOneNode({ host, port }: ConnectionTarget): void {
  if (port !== ANY_NODE_PORT || !ELASTIC_HOST.test(host)) return;
  throw new ScaleoutError(
    'cluster.any-node',
    `${host}:${String(port)} is any node of an elastic cluster, each time another one: the sessions of a run belong on its coordinator. ` +
      'Set PGPORT or the port of the URL to 5432; nothing was changed',
    { exitCode: EXIT.refused, details: { host, port } },
  );
}

/** Transactions of one client that are looked at. */
const PROBES = 4;

/**
 * A session of its own has one process for all its transactions, and no other client has that process.
 *
 * @throws ScaleoutError (refused) where a transaction pooler answers
 */
async function requireDirect(client: Client, target: ConnectionTarget): Promise<void> {
  const process = async (of: Client): Promise<number | undefined> =>
    (await of.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
  const first = await inTime(client, target, FIRST_ANSWER_MS, () => process(client));
  const requireSame = async (): Promise<void> => {
    if ((await process(client)) !== first)
      throw poolerError(target, 'two transactions of one client run in two server processes');
  };
  for (let probe = 1; probe < PROBES; probe += 1) await requireSame();
  const other = newClient(target, { purpose: 'probe' });
  try {
    await other.connect();
    await inTime(other, target, PROBE_TIMEOUT_MS, async () => {
      await requireSame();
      await other.query('BEGIN');
      if ((await process(other)) === first)
        throw poolerError(target, 'two clients are in one server process');
      await requireSame();
      await other.query('ROLLBACK');
    });
  } catch (error) {
    // Without a second connection, what one session sees has to do.
    if (error instanceof ScaleoutError) throw error;
  } finally {
    await other.end().catch(() => undefined);
  }
}

/** For a session to answer that has logged in, which a server does at once and a pooler when it has a connection to spare. */
const PROBE_TIMEOUT_MS = 5_000;
const FIRST_ANSWER_MS = 30_000;

/** @throws ScaleoutError (refused) where the session gives no answer for so long */
async function inTime<Answer>(
  client: Client,
  { host, port }: ConnectionTarget,
  ms: number,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const waited = { tooLong: false };
  const timer = setTimeout(() => {
    waited.tooLong = true;
    cutSocket(client);
  }, ms);
  try {
    return await ask();
  } catch (error) {
    if (!waited.tooLong) throw error;
    throw new ScaleoutError(
      'cluster.pooler',
      `${host}:${String(port)} lets a session in and then wait (for ${String(ms / 1000)} s), as a pooler does that has no connection left for it: ` +
        'a run works in several sessions at once. Connect to the server itself, which is port 5432 on Azure, or let the pooler have more connections. ' +
        'What was committed stays; run the same command again, and it goes on from there',
      { exitCode: EXIT.refused, details: { host, port } },
    );
  } finally {
    clearTimeout(timer);
  }
}

async function connect(target: ConnectionTarget, options: ConnectOptions): Promise<Client> {
  requireOneNode(target);
  if (options.direct === true && POOLER_PORTS.includes(target.port)) {
    throw poolerError(target, 'the port of PgBouncer');
  }
  const deadline = Date.now() + (target.waitForFirewallMs ?? 0);
  for (let attempt = 1; ; attempt += 1) {
    const client = newClient(target, options);
    try {
      await client.connect();
      if (options.direct === true) await requireDirect(client, target);
      await inTime(client, target, FIRST_ANSWER_MS, () => client.query(SET_OWN));
      // The superuser's on some servers; the others are anybody's.
      await client.query("SELECT set_config('lc_messages', 'C', false)").catch((error: unknown) => {
        if (sqlStateOf(error) !== '42501') throw error;
      });
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const firewall = isServerError(error) && /no pg_hba\.conf entry/.test(error.message);
      if (!firewall || Date.now() >= deadline) throw connectionError(target, error);
      if (attempt === 1) {
        options.reporter?.info(
          `${target.host} does not let this address in yet; a new firewall rule takes up to 5 minutes, so this tries again`,
        );
      }
      await sleep(Math.max(0, Math.min(FIREWALL_INTERVAL_MS, deadline - Date.now())));
    }
  }
}

/**
 * The driver would take what the login says beyond its arguments from PG variables of this process, also for a server of this
 * program's own, which no variable is about.
 */
function setLoginOptions(client: Client, options = ''): void {
  const { connectionParameters } = client as Client & {
    readonly connectionParameters: { options?: string | undefined; replication?: string | undefined };
  };
  connectionParameters.options = given(loginOptions(options));
  connectionParameters.replication = undefined;
}

/** What libpq would find in PGPASSFILE or ~/.pgpass, asked for only when the server wants a password. */
function passwordFromFile({ host, port, user, database }: ConnectionTarget): Promise<string> {
  return new Promise((resolve, reject) => {
    pgpass({ host, port, user, database }, (password) => {
      if (password === undefined) reject(new Error('no password'));
      else resolve(password);
    });
  });
}

/** PGSSLNEGOTIATION, which the driver reads by itself, is about connections that have any. */
const NO_TLS: object = { ssl: false, sslnegotiation: 'postgres' };

function tlsOptions(target: ConnectionTarget): object {
  if (target.sslRootCert === undefined) return { rejectUnauthorized: true };
  try {
    return { rejectUnauthorized: true, ca: readFileSync(target.sslRootCert, 'utf8') };
  } catch (error) {
    throw new ScaleoutError(
      'cluster.tls',
      `PGSSLROOTCERT names ${target.sslRootCert}, which cannot be read (${nodeCodeOf(error) ?? 'unknown'}): point it at the PEM file of the certificate authority, or unset it to trust those Node.js ships`,
      { cause: error },
    );
  }
}

/** Whether the session itself was lost, and not another one that its server has. */
export function isConnectionLoss(error: unknown): boolean {
  // An ERROR leaves the session alive: with a class 08 code it is Citus saying that a worker cannot be reached.
  if (isServerError(error) && error.severity === 'ERROR') return false;
  const code = sqlStateOf(error) ?? nodeCodeOf(error);
  if (code !== undefined) return /^(57P0[123]|08...|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code);
  return (
    error instanceof Error &&
    /^(Connection terminated|Client has encountered a connection error)/.test(error.message)
  );
}

/** Why a connection could not be opened, and the way out, in one paragraph. */
export function connectionError(target: ConnectionTarget, error: unknown): ScaleoutError {
  if (error instanceof ScaleoutError) return error;
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return new ScaleoutError(
    'cluster.unreachable',
    `cannot connect to ${describeTarget(target)}: ${connectionReason(target, first)}`,
    {
      cause: error,
      details: {
        host: target.host,
        port: target.port,
        database: target.database,
        reason: sqlStateOf(first) ?? nodeCodeOf(first) ?? null,
      },
    },
  );
}

/** Why a server turns a login away, by SQLSTATE. */
const REFUSED_LOGINS: Readonly<Record<string, (target: ConnectionTarget) => string>> = {
  '28P01': () => 'the password is wrong or missing; it is read from PGPASSWORD',
  '42501': ({ user }) =>
    `role "${user}" may not connect to it: GRANT CONNECT ON DATABASE to that role, or name another with PGUSER or PGDATABASE`,
  '3D000': ({ database }) => `there is no database "${database}"; name another with PGDATABASE or in the URL`,
  '53300': () => 'the server has no connection left; close some, or try again later',
  '57P03': () => 'the server is starting up or shutting down; try again in a moment',
};

function connectionReason(target: ConnectionTarget, error: unknown): string {
  const state = sqlStateOf(error);
  const code = nodeCodeOf(error) ?? '';
  const message = error instanceof Error ? error.message : String(error);
  if (isServerError(error)) {
    if (/no pg_hba\.conf entry/.test(message)) {
      return 'the server does not let this address in. Add it to network.allow of the environment and deploy; a new rule takes up to 5 minutes';
    }
    if (state === '28000' && /does not exist/.test(message)) {
      return `there is no role "${target.user}"; name another with PGUSER or in the URL`;
    }
    return REFUSED_LOGINS[state ?? '']?.(target) ?? describeServerError(error);
  }
  if (code === 'ECONNREFUSED') return 'nothing listens there. Is the server up, and is it the right port?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'the host name is not known. Check PGHOST; with private access, the name resolves inside the network only';
  }
  if (code === 'ETIMEDOUT' || /timeout/i.test(message)) {
    return 'no answer in time. A firewall in between, or a cluster that is stopped?';
  }
  if (/does not support SSL/.test(message)) {
    return 'the server does not speak TLS, and without it nothing proves who answers; only servers on this machine may do so';
  }
  if (message === 'no password')
    return 'the server asks for a password; set PGPASSWORD, or name a file with PGPASSFILE';
  if (/certificate|self.signed|altnames|CERT_|issuer/i.test(`${message} ${code}`)) {
    return `its TLS certificate is not trusted (${message}). Point PGSSLROOTCERT at the certificate authority's PEM file`;
  }
  return message;
}

/**
 * Runs `work` while holding a session-level advisory lock of the database, so that two runs of one kind never mix.
 * The lock ends with the session, so a killed run leaves none behind. Needs a direct connection: a transaction pooler
 * (port 6432) would hand the session to somebody else.
 *
 * @param subject what is locked, e.g. `tables`; two subjects do not exclude each other
 * @param wayOut what to do where another session has it, as the rest of a sentence
 * @throws ScaleoutError that names the session holding it
 */
export async function withAdvisoryLock<T>(
  client: Client,
  subject: string,
  work: () => Promise<T>,
  wayOut = 'wait for it to end and run this again',
): Promise<T> {
  if (!(await tryAdvisoryLock(client, subject))) {
    const holder = await client.query<LockHolder>(
      `SELECT l.pid, a.usename, a.application_name AS application, a.state = 'idle' AS idle, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ') AS since
         FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32) | l.objid::bigint = hashtextextended($1, 0)`,
      [advisoryLockKey(subject)],
    );
    const other = holder.rows[0];
    if (other !== undefined && isLeftBehind(other) && (await ended(client, other.pid))) {
      return withAdvisoryLock(client, subject, work, wayOut);
    }
    const who =
      other === undefined
        ? 'it has just ended'
        : `session ${String(other.pid)}${other.usename === null ? '' : ` of ${other.usename}`}${other.application === null ? '' : `, ${other.application}`}, connected since ${other.since}`;
    // Last: whoever reads on has the gentler ways before it.
    const gone =
      other?.idle === true
        ? `. If that run is gone, end its session with SELECT pg_terminate_backend(${String(other.pid)})`
        : '';
    throw new ScaleoutError(
      'cluster.busy',
      `another "${subject}" run is working on this database (${who}): ${wayOut}; nothing was changed${gone}`,
      { details: { subject, pid: other?.pid ?? null, since: other?.since ?? null } },
    );
  }
  try {
    return await work();
  } finally {
    await releaseAdvisoryLock(client, subject);
  }
}

interface LockHolder {
  readonly pid: number;
  readonly since: string;
  readonly usename: string | null;
  readonly application: string | null;
  readonly idle: boolean | null;
}

/** A session of a pool that keeps the lock of a run that is gone: a run's own is called after this program. */
function isLeftBehind({ application, idle }: LockHolder): boolean {
  return idle === true && application !== null && !application.startsWith(APPLICATION_NAME);
}

/** Ends a session that idles, and waits for it to be gone; false where this role may not, or it does not go. */
async function ended(client: Client, pid: number): Promise<boolean> {
  try {
    const { rows } = await client.query<{ gone: boolean }>(
      "SELECT pg_terminate_backend(pid, 5000) AS gone FROM pg_stat_activity WHERE pid = $1 AND state = 'idle'",
      [pid],
    );
    return rows[0]?.gone === true;
  } catch {
    return false;
  }
}

/** Takes that lock where no other session holds it. A session that holds it already takes it once more. */
export async function tryAdvisoryLock(client: Client, subject: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [advisoryLockKey(subject)],
  );
  return rows[0]?.locked === true;
}

/** Gives it back as often as it was taken; a session that was lost has given it back already. */
export async function releaseAdvisoryLock(client: Client, subject: string): Promise<void> {
  await client
    .query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [advisoryLockKey(subject)])
    .catch(() => undefined);
}

function advisoryLockKey(subject: string): string {
  return `${APPLICATION_NAME} ${subject}`;
}

/** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
export async function withTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Milliseconds a read waits for a lock: catalog functions of sizes and definitions take one on every table. */
const READ_LOCK_TIMEOUT_MS = 5000;

/** A session that another one waits for, as messages name it. */
const LOCK_HOLDERS = `
SELECT l.relation::regclass::text AS relation, l.pid, a.usename::text AS role, a.application_name AS application, a.state
  FROM pg_locks l
  LEFT JOIN pg_stat_activity a USING (pid)
 WHERE l.mode = 'AccessExclusiveLock' AND l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.relation >= 16384
 ORDER BY l.pid, l.relation`;

/**
 * Runs reads that wait a few seconds at most for somebody's lock. Sets `lock_timeout` of the session, and back.
 *
 * @throws ScaleoutError that names the sessions in the way
 */
export async function withBoundedReads<T>(client: Client, read: () => Promise<T>): Promise<T> {
  await client.query("SELECT set_config('lock_timeout', $1, false)", [String(READ_LOCK_TIMEOUT_MS)]);
  try {
    return await read();
  } catch (error) {
    if (sqlStateOf(error) !== '55P03') throw error;
    throw await lockedOut(client, error);
  } finally {
    await client.query("SELECT set_config('lock_timeout', '0', false)").catch(() => undefined);
  }
}

async function lockedOut(client: Client, cause: unknown): Promise<ScaleoutError> {
  await client.query('ROLLBACK').catch(() => undefined);
  const { rows } = await client
    .query<{
      relation: string;
      pid: number;
      role: string | null;
      application: string | null;
      state: string | null;
    }>(LOCK_HOLDERS)
    .catch(() => ({ rows: [] }));
  const who = [...new Map(rows.map((row) => [row.pid, row])).values()].map(
    ({ relation, pid, role, application, state }) =>
      [`session ${String(pid)}`, role, application && `application "${application}"`, state, `on ${relation}`]
        .filter((part) => part !== null && part !== '')
        .join(', '),
  );
  return new ScaleoutError(
    'cluster.table-locked',
    `a table could not be looked at within ${String(READ_LOCK_TIMEOUT_MS / 1000)} s, because somebody holds an exclusive lock on it: ` +
      `${who.length === 0 ? 'the server does not say who' : who.join('; ')}. Wait for that session or end it (pg_terminate_backend), and run this again`,
    { cause, details: { seconds: READ_LOCK_TIMEOUT_MS / 1000, sessions: rows } },
  );
}

/** The Citus version of a database, such as `12.1-1`; undefined where the extension is not created. */
export async function citusVersion(client: Client): Promise<string | undefined> {
  const { rows } = await client.query<{ extversion: string }>(
    "SELECT extversion FROM pg_extension WHERE extname = 'citus'",
  );
  return rows[0]?.extversion;
}

/** @throws ScaleoutError where the database is plain PostgreSQL */
export async function requireCitus(client: Client, target: ConnectionTarget): Promise<string> {
  const version = await citusVersion(client);
  if (version === undefined) {
    throw new ScaleoutError(
      'cluster.no-citus',
      `${describeTarget(target)} is PostgreSQL without Citus: this needs the extension, which Azure creates in the one database of a cluster: ` +
        '"citus" on Cosmos DB for PostgreSQL, the one that was named at creation on an elastic cluster. Name that database with PGDATABASE; nothing was changed',
    );
  }
  return version;
}
