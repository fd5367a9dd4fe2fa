import { count } from '../lib/reporter';
import type { Hardening, Unmanaged } from './words';

/** What the plan of an adopted environment says. */
export interface Proof {
  /** Addresses that the first deploy imports. */
  readonly imports: readonly string[];
  /** What it would do besides, one line each: it should be nothing. */
  readonly others: readonly string[];
  /** What the guards say of it. */
  readonly text: string;
}

/** What a person reads of an adoption. */
export interface Report {
  readonly environment: string;
  readonly file: string;
  readonly written: boolean;
  readonly cluster: string;
  /** What was chosen, and where from. */
  readonly chosen: readonly string[];
  readonly unmanaged: readonly Unmanaged[];
  readonly unread: readonly { readonly what: string; readonly reason: string }[];
  readonly hardening: readonly Hardening[];
  /** Why there is no proof, with the command that makes it, or the proof. */
  readonly proof: Proof | string;
  readonly next: string;
}

/** The answer of the command for people. Pure. */
export function reportText(report: Report): string {
  const { environment, file, written, chosen, unmanaged, unread, hardening, proof } = report;
  const blocks = [
    [
      report.cluster,
      written
        ? `Written: ${file}, as the cluster is: ${chosen.join(', ')}.`
        : `${file} describes it already, and nothing was written.`,
    ],
    list(
      'Found and not managed, so it stays as it is:',
      unmanaged.map(({ words }) => words),
    ),
    list(
      'Not read, since this login may not; look there yourself:',
      unread.map(({ what, reason }) => `${what} (${reason})`),
    ),
    list(
      'The second step, after the first deploy: set imported: true in origin. Our defaults would then change this, each reviewed on its own:',
      hardening.map(({ setting, words }) => `${setting}: ${words}`),
    ),
    proofText(proof, environment),
    [`Next: ${report.next}`],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function proofText(proof: Proof | string, environment: string): string[] {
  if (typeof proof === 'string') return [proof];
  const { imports, others } = proof;
  if (others.length > 0) {
    return [
      `The plan would change more than the state, so it is refused: ${environment} is not adopted yet.`,
      ...proof.text.split('\n'),
    ];
  }
  if (imports.length === 0)
    return ['The plan: nothing to import, since the state has all of it, and nothing else.'];
  return [
    `The plan: ${count(imports.length)} to import, nothing else. Azure would not change.`,
    ...imports.map((address) => `  ${address}`),
  ];
}

function list(heading: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [heading, ...items.map((item) => `  - ${item}`)];
}
