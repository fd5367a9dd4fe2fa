import type { Finding, Note } from '../judge/judge';
import { UNFINISHED } from '../judge/unfinished';

/** The synthesized file of a place, as it lies in a synthesis; undefined for an environment that has none. */
export function stackFile({ ruleId, environment }: Note): string | undefined {
  return ruleId === UNFINISHED ? undefined : `stacks/${environment}/cdk.tf.json`;
}

/** `stacks/dev/cdk.tf.json#/resource/...`; nothing for an environment that has no stack. */
export function pointerText(note: Note): string | undefined {
  const file = stackFile(note);
  return file === undefined ? undefined : `${file}#${note.pointer}`;
}

/** `config/environments/dev.yaml:12`; undefined where nobody found the line. */
export function sourceText({ source }: Pick<Finding, 'source'>): string | undefined {
  return source === null ? undefined : `${source.file}:${String(source.line)}`;
}

/** The order of reports: open errors, open warnings, what is waived, what is for later; within these as found. */
export function worstFirst(a: Finding, b: Finding): number {
  return rank(a) - rank(b);
}

function rank({ level, waiver }: Finding): number {
  if (level === 'after-adoption') return 4;
  return (waiver === null ? 0 : 2) + (level === 'error' ? 0 : 1);
}

/** `error`, `warning`, `warning, waived`, `after the adoption`. */
export function levelText({ level, waiver }: Finding): string {
  if (level === 'after-adoption') return 'after the adoption';
  return waiver === null ? level : `${level}, waived`;
}

/** A message with what somebody answers for. */
export function messageText({ message, waiver }: Finding): string {
  return waiver === null ? message : `${message} (waived until ${waiver.expires}: ${waiver.reason})`;
}
