import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadSqlParser } from '../../config/workload/sql-parser';
import type { SqlParser } from '../../config/workload/sql-parser';
import { shownPath } from '../../config/file/files';
import { someOf } from '../../config/text/text';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import { logEntries, loggedStatement } from './log-entries';
import type { LoggedStatement } from './log-entries';

/** A statement of a server's log. */
export interface RecordedStatement {
  /** With parameters where constants stood: values of rows go no further. */
  readonly query: string;
  /** Times it was run. */
  readonly calls: number;
}

/** What a server's logs say of the workload. */
export interface RecordedWorkload {
  /** By calls, the most frequent first. */
  readonly statements: readonly RecordedStatement[];
  /** What was not to be had, and what that means. */
  readonly caveats: readonly string[];
}

/** Different statements that are counted: a log with more of them has constants in the place of names. */
const MOST_DIFFERENT = 20_000;
/** Texts that are remembered with what they come to: an application sends the same ones again and again. */
const MOST_REMEMBERED = 20_000;
const MOST_NAMED = 5;

const OF_A_WORKLOAD = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/**
 * Reads logs of a server line by line, whatever their size: what `log_statement` or `log_min_duration_statement` writes, and the
 * queries of auto_explain's plans; as jsonlog, csvlog or plain lines, each file by its own first line. Statements that differ
 * by constants alone are one, as in pg_stat_statements.
 *
 * @throws ScaleoutError where a file cannot be read, or no statement is in any of them
 */
export async function readServerLogs(files: readonly string[]): Promise<RecordedWorkload> {
  const counts = new StatementCounts(await loadSqlParser());
  const databases = new Set<string>();
  for (const file of files) {
    try {
      const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
      for await (const entry of logEntries(lines)) {
        const logged = loggedStatement(entry.message);
        if (logged === undefined) continue;
        if (entry.database !== undefined) databases.add(entry.database);
        counts.add(logged);
      }
    } catch (error) {
      const code = nodeCodeOf(error);
      if (code === undefined) throw error;
      throw new ScaleoutError(
        'file.unreadable',
        `${shownPath(file)} cannot be read (${code}): name a log of the server with --log`,
        { cause: error },
      );
    }
  }
  const statements = counts.statements();
  if (statements.length === 0) throw nothingIn(files);
  return { statements, caveats: [...counts.caveats(), ...databaseCaveats(databases)] };
}

function nothingIn(files: readonly string[]): ScaleoutError {
  const names = files.map(shownPath);
  return new ScaleoutError(
    'file.wrong-kind',
    `${names.join(' and ')} ${names.length === 1 ? 'holds' : 'hold'} no statement of an application, as log_statement = 'all', log_min_duration_statement or auto_explain ` +
      'writes them (jsonlog, csvlog or plain lines, in English: lc_messages = C): name another log with --log',
  );
}

function databaseCaveats(databases: ReadonlySet<string>): string[] {
  if (databases.size < 2) return [];
  return [
    `the log holds statements of ${String(databases.size)} databases (${someOf([...databases].sort(), MOST_NAMED)}): those that fit this one's tables count`,
  ];
}

interface Count {
  readonly query: string;
  /** Both may tell of the same run. */
  readonly calls: Record<LoggedStatement['way'], number>;
}

/** Statements by what they ask, whatever the constants. */
class StatementCounts {
  private readonly parser: SqlParser;
  private readonly counts = new Map<string, Count>();
  private readonly remembered = new Map<string, readonly string[]>();
  private unreadable = 0;
  private beyond = 0;

  constructor(parser: SqlParser) {
    this.parser = parser;
  }

  add({ sql, way }: LoggedStatement): void {
    const keys = this.keysOf(sql);
    // A text of several statements has a plan for each, and every plan has the whole text.
    const runs = way === 'plan' ? 1 / keys.length : 1;
    for (const key of keys) {
      const count = this.counts.get(key);
      if (count === undefined) this.beyond += 1;
      else count.calls[way] += runs;
    }
  }

  statements(): RecordedStatement[] {
    return [...this.counts.values()]
      .map(({ query, calls }) => ({
        query,
        calls: Math.max(1, Math.round(Math.max(calls.statement, calls.plan))),
      }))
      .sort((a, b) => b.calls - a.calls);
  }

  caveats(): string[] {
    return [
      ...(this.unreadable === 0
        ? []
        : [
            `${this.unreadable === 1 ? '1 statement of the log is' : `${String(this.unreadable)} statements of the log are`} cut short or no SQL of PostgreSQL, and ${this.unreadable === 1 ? 'counts' : 'count'} for nothing`,
          ]),
      ...(this.beyond === 0
        ? []
        : [
            `the log holds more than ${String(MOST_DIFFERENT)} different statements: ${String(this.beyond)} runs of those that came later count for nothing`,
          ]),
    ];
  }

  /** One text may hold several statements. */
  private keysOf(sql: string): readonly string[] {
    const known = this.remembered.get(sql);
    if (known !== undefined) return known;
    const keys = this.split(sql).map((query) => {
      const key = this.parser.fingerprint(query);
      if (!this.counts.has(key) && this.counts.size < MOST_DIFFERENT) {
        this.counts.set(key, { query: this.parser.normalize(query), calls: { statement: 0, plan: 0 } });
      }
      return key;
    });
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(sql, keys);
    return keys;
  }

  private split(sql: string): string[] {
    try {
      // Offsets count bytes.
      const bytes = Buffer.from(sql);
      return (this.parser.parse(sql).stmts ?? []).flatMap(({ stmt, stmt_location: from = 0, stmt_len }) => {
        const [kind = ''] = Object.keys(stmt ?? {});
        const to = stmt_len === undefined || stmt_len === 0 ? undefined : from + stmt_len;
        return OF_A_WORKLOAD.has(kind) ? [bytes.subarray(from, to).toString().trim()] : [];
      });
    } catch {
      this.unreadable += 1;
      return [];
    }
  }
}
