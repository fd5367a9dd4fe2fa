import { showTable } from '../../scripts/database/model/names';
import type { Case } from './case';
import type { Outcome } from './try-case';

/** A case that was tried. */
export interface Tried {
  readonly seed: number;
  readonly drawn: Case;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** One case in a line, and more for what was refused or is wrong. */
export function describeTried({ seed, drawn, outcome, seconds }: Tried, number: number): string[] {
  const { failure, refusals, distributed } = outcome;
  const verdict =
    failure !== undefined ? `FAILED (${failure.stage})` : distributed ? 'kept everything' : 'refused';
  const features = drawn.tables.reduce((sum, { uses }) => sum + uses.length, 0);
  return [
    `${String(number).padStart(4)}. case ${String(seed)}: ${verdict}, ${String(drawn.tables.length)} tables, ${String(features)} features, ${seconds.toFixed(1)} s`,
    ...refusals.map(
      ({ stage, reasons, citus }) =>
        `        refused (${stage}): ${short(reasons[0] ?? '')}; Citus: ${short(citus)}`,
    ),
    ...(failure?.problems ?? []).map((problem) => `        ${problem}`),
  ];
}

/** The counts that the whole is judged by. */
export function summarize(tried: readonly Tried[]): { readonly lines: string[]; readonly failed: number } {
  const failed = tried.filter(({ outcome }) => outcome.failure !== undefined);
  const distributed = tried.filter(({ outcome }) => outcome.distributed);
  const kinds = new Map<string, number>();
  for (const { drawn, outcome } of tried) {
    for (const { stage, reasons } of outcome.refusals) {
      const kind = `${stage}: ${withoutNames(reasons[0] ?? '', drawn)}`;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  const share = tried.length === 0 ? 0 : (100 * distributed.length) / tried.length;
  return {
    lines: [
      '',
      `${String(tried.length)} cases: ${String(distributed.length)} distributed (${share.toFixed(1)} %), ${String(failed.length)} failed`,
      ...[...kinds]
        .sort(([, a], [, b]) => b - a)
        .map(([kind, count]) => `  refused ${String(count)}: ${kind}`),
      ...failed.map(
        ({ seed, outcome }) => `  failed: case ${String(seed)} (${outcome.failure?.stage ?? ''})`,
      ),
    ],
    failed: failed.length,
  };
}

/** What two failures have in common that have one cause, probably. */
export function signatureOf({ drawn, outcome }: Pick<Tried, 'drawn' | 'outcome'>): string {
  const { failure } = outcome;
  return failure === undefined ? '' : `${failure.stage}: ${withoutNames(failure.problems[0] ?? '', drawn)}`;
}

function withoutNames(message: string, { tables }: Case): string {
  const names = tables.flatMap(({ table }) => [showTable(table), table.name]);
  const unnamed = names.reduce((text, name) => text.replaceAll(name, '_'), message);
  return short(unnamed.replace(/\b[\w ]+[ _]\d+\b/g, '_').replace(/\d+/g, '0'));
}

function short(message: string): string {
  const line = message.replaceAll('\n', ' ');
  return line.length > 150 ? `${line.slice(0, 147)}...` : line;
}
