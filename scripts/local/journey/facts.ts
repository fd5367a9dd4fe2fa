import type { Client } from 'pg';
import { count } from '../../lib/reporter';
import type { Verification } from './cluster-steps';
import type { ExpectedFact } from '../workloads';

/**
 * Asks the database what was known of its rows before they were made: that holds them against something that was never
 * read from a database. True of the same rows on one node and on many.
 */
export async function checkFacts(
  client: Client,
  facts: readonly ExpectedFact[],
): Promise<Verification['checks']> {
  const checks = [];
  for (const { name, sql, value } of facts) {
    const { rows } = await client.query<[unknown]>({ text: sql, rowMode: 'array' });
    checks.push(judgeFact(name, value, Number(rows[0]?.[0] ?? Number.NaN)));
  }
  return checks;
}

/** Pure. */
export function judgeFact(name: string, expected: number, found: number): Verification['checks'][number] {
  const ok = found === expected;
  return {
    id: `fact:${name}`,
    ok,
    detail: ok ? `${count(found)}, as generated` : `${count(found)}, and ${count(expected)} were generated`,
  };
}
