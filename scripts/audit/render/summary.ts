import type { AuditDocument, UnusedWaiver } from '../judge/judge';

/** The verdict in one sentence. */
export function summary({ counts, judgedOn, environments, unfinished }: AuditDocument): string {
  const verdict = counts.error === 0 ? 'passed' : 'refused';
  return (
    `audit of ${[...unfinished, ...environments].join(', ')} on ${judgedOn} ${verdict}: ${plural(counts.error, 'error')}, ` +
    `${plural(counts.warning, 'warning')}, ${String(counts.waived)} waived${later(counts)}; ` +
    `${plural(counts.compliant, 'check')} held, ${String(counts.notApplicable)} did not apply`
  );
}

function later({ afterAdoption }: AuditDocument['counts']): string {
  return afterAdoption === 0 ? '' : `, ${String(afterAdoption)} for after the adoption`;
}

function plural(count: number, word: string): string {
  return `${String(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** What is to be done about a waiver that waives nothing, as a sentence without its end. */
export function unusedWaiverText({ rule, check, constructPath, value, found }: UnusedWaiver): string {
  const waiver = `the waiver of ${rule}/${check} for ${constructPath}`;
  return found === undefined
    ? `${waiver} waives nothing any more: remove it`
    : `${waiver} is of the value ${value}, and the value is ${found} now, so it waives nothing: put that right, or write a waiver of the new value`;
}
