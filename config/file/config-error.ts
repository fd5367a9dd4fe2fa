/** What can be wrong in a file that people edit: stable codes with their meaning. */
export const ISSUES = {
  'config.unreadable': 'The file is not there or cannot be read.',
  'config.syntax': 'The file is not YAML.',
  'config.duplicate-key': 'A key is written twice.',
  'config.unknown-key': 'A key is not one of those that are known there.',
  'config.missing-key': 'A key is missing, or has no value.',
  'config.wrong-value': 'A value is not of the type or in the range that its key has.',
  'config.rule': 'Values that are allowed each by itself contradict each other or a limit of the service.',
} as const;

export type IssueCode = keyof typeof ISSUES;

/** One thing wrong in a file that people edit. */
export interface ConfigIssue {
  readonly code: IssueCode;
  /** The file, as the reader would open it. */
  readonly file: string;
  /** 1-based; absent where the issue is the file itself. */
  readonly line?: number;
  /** The keys that lead there, e.g. `cluster.coordinator.vCores`; empty for the whole file. */
  readonly path: string;
  /** What is wrong, the value, what is allowed and the way out. */
  readonly problem: string;
}

/** Everything wrong in the files of one read, never just the first: one line to an issue, `file:line: path: problem`. */
export class ConfigError extends Error {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    const inOrder = [...issues].sort(
      (a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || compare(a.path, b.path),
    );
    super(inOrder.map(describeIssue).join('\n'));
    this.name = 'ConfigError';
    this.issues = inOrder;
  }
}

/** One issue in one line, as in `config/environments/dev.yaml:7: cluster.name: ...`. */
export function describeIssue(issue: ConfigIssue): string {
  const place = issue.line === undefined ? issue.file : `${issue.file}:${String(issue.line)}`;
  return [place, issue.path, issue.problem].filter((part) => part !== '').join(': ');
}

/** By code unit, the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
