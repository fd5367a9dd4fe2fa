import type { ParseResult, ScanToken } from 'libpg-query';

/** PostgreSQL's own parser. */
export interface SqlParser {
  /** @throws Error in PostgreSQL's words where the text is no SQL */
  readonly parse: (sql: string) => ParseResult;
  /** @param sql CREATE FUNCTION. @throws Error in PostgreSQL's words where its body is no PL/pgSQL */
  readonly parsePlPgSql: (sql: string) => unknown;
  /** @throws Error in PostgreSQL's words where a string, name or comment is not closed */
  readonly scan: (sql: string) => readonly ScanToken[];
  /** The same for statements that differ by constants alone. @throws Error where the text is no SQL */
  readonly fingerprint: (sql: string) => string;
  /** The statement with parameters in the place of constants. @throws Error where the text is no SQL */
  readonly normalize: (sql: string) => string;
}

/** Loads the parser: two megabytes of WebAssembly, for the verbs that read SQL alone. */
export async function loadSqlParser(): Promise<SqlParser> {
  const { fingerprintSync, loadModule, normalizeSync, parsePlPgSQLSync, parseSync, scanSync } =
    await import('libpg-query');
  await loadModule();
  return {
    parse: parseSync,
    parsePlPgSql: parsePlPgSQLSync,
    fingerprint: fingerprintSync,
    normalize: normalizeSync,
    scan(sql) {
      // It takes no empty text.
      if (sql === '') return [];
      try {
        return scanSync(sql).tokens;
      } catch (error) {
        // The scanner of the library loses the message, its parser has it.
        parseSync(sql);
        throw error;
      }
    },
  };
}
