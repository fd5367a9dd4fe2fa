import { loadSqlParser } from './sql-parser';

/** What PostgreSQL's own scanner finds in a text of SQL. */
export interface ScannedSql {
  /** Statements that hold more than comments. */
  readonly statements: number;
  /** Whether the last one is closed by a semicolon. */
  readonly closed: boolean;
  /** The text up to the end of the first statement, without its semicolon. */
  readonly first: string;
}

/**
 * Cuts SQL into statements as PostgreSQL does: semicolons in strings, quoted names and comments, nested ones too, do not count.
 *
 * @throws Error in PostgreSQL's words where a string, name or comment is not closed
 */
export async function scanSql(sql: string): Promise<ScannedSql> {
  const { scan } = await loadSqlParser();
  let statements = 0;
  let open = false;
  let end: number | undefined;
  // Offsets count bytes.
  const bytes = Buffer.from(sql);
  for (const { start, tokenName } of scan(sql)) {
    if (tokenName === 'SQL_COMMENT' || tokenName === 'C_COMMENT') continue;
    if (tokenName === 'ASCII_59') {
      if (open) end ??= start;
      open = false;
    } else {
      if (!open) statements += 1;
      open = true;
    }
  }
  return { statements, closed: !open && statements > 0, first: bytes.subarray(0, end).toString().trim() };
}
