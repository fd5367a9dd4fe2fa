import type { Client } from 'pg';
import { Query } from 'pg';
import type { WorkloadQuery } from '../../../config/workload/workload';

/** A query that was run and explained. */
export interface ExplainedQuery {
  readonly name: string;
  readonly rows: number;
  readonly seconds: number;
  readonly plan: readonly string[];
}

/** Runs a query, counts its rows without keeping them, and asks for its plan. */
export async function runAndExplain(client: Client, query: WorkloadQuery): Promise<ExplainedQuery> {
  const started = performance.now();
  let rows = 0;
  await new Promise<void>((resolve, reject) => {
    const running = client.query(new Query(query.sql));
    running.on('row', () => (rows += 1));
    running.on('end', () => resolve());
    running.on('error', reject);
  });
  const seconds = (performance.now() - started) / 1000;
  return { name: query.name, rows, seconds, plan: await explainQuery(client, query) };
}

/** The plan of a query as lines of text. The statement is the workload's own, from a file of this project. */
export async function explainQuery(client: Client, query: WorkloadQuery): Promise<string[]> {
  const { rows } = await client.query<[string]>({ text: `EXPLAIN ${query.sql}`, rowMode: 'array' });
  return rows.map(([line]) => line);
}

/**
 * Whether a plan of plain PostgreSQL shows that only one value of `column` is asked for: one of the conditions that all
 * rows must meet is `column = constant`, in a join with the table's name before it. Then Citus asks one shard, else all
 * of them. Pure.
 */
export function asksForOneValue(plan: readonly string[], column: string): boolean {
  return plan
    .map((line) => /^\s*(?:Filter|Index Cond|Recheck Cond): (.+)$/.exec(line)?.[1])
    .filter((condition) => condition !== undefined)
    .flatMap(conjuncts)
    .some((condition) => {
      const [, name, value] =
        /^(?:"?\w+"?\.)?"?(\w+)"? = (-?[\d.]+|'.*'(?:::[\w ]+)?)$/.exec(condition) ?? [];
      return name === column && value !== undefined;
    });
}

/** The parts of `(a) AND (b)`, without their brackets; a condition that is no conjunction is its only part. */
function conjuncts(condition: string): string[] {
  const inner = withoutBrackets(condition.trim());
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (let at = 0; at < inner.length; at += 1) {
    const letter = inner[at];
    if (letter === "'") quoted = !quoted;
    if (quoted) continue;
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (depth === 0 && inner.startsWith(' AND ', at)) {
      parts.push(inner.slice(start, at));
      start = at + ' AND '.length;
    }
  }
  parts.push(inner.slice(start));
  return parts.length === 1 ? [inner] : parts.flatMap(conjuncts);
}

/** Takes away brackets that enclose the whole text. */
function withoutBrackets(text: string): string {
  if (!text.startsWith('(')) return text;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "'") quoted = !quoted;
    if (quoted) continue;
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at === text.length - 1 ? withoutBrackets(text.slice(1, -1)) : text;
  }
  return text;
}
