import { count } from '../lib/reporter';
import { KINDS } from './decide';
import type { CompareDocument, Difference, SideSummary } from './decide';

/** Lines of one kind. */
const LINES = 10;

/** Both sides, what differs by kind, and the verdict. Pure. */
export function describeCompared({ from, to, differences, notes, equal }: CompareDocument): string {
  const kinds = KINDS.flatMap((kind) => {
    const all = differences.filter((each) => each.kind === kind);
    if (all.length === 0) return [];
    const more = all.length > LINES ? [`  and ${count(all.length - LINES)} more (--json has them all)`] : [];
    return ['', `${kind} (${count(all.length)})`, ...all.slice(0, LINES).map(describeDifference), ...more];
  });
  const verdict = equal
    ? 'Equal: both databases hold the same rows and objects.'
    : `Different: ${count(differences.length)} ${differences.length === 1 ? 'difference' : 'differences'}.`;
  return [
    `from  ${describeSide(from)}`,
    `to    ${describeSide(to)}`,
    ...kinds,
    ...(notes.length === 0 ? [] : ['', 'notes', ...notes.map((note) => `  ${note}`)]),
    '',
    verdict,
  ].join('\n');
}

function describeSide({ database, postgres, citus, tables, rows }: SideSummary): string {
  const extension = citus === null ? '' : `, Citus ${citus}`;
  return `${database} (PostgreSQL ${postgres}${extension}; ${count(tables)} tables, ${count(rows)} rows)`;
}

/** `  table events: index events_note_idx is only in from` */
function describeDifference({ object, part, detail }: Difference): string {
  return `  ${object}${part === undefined ? '' : `: ${part}`} ${detail}`;
}
