/** How a difference is written for people; `--json` prints the document whatever the format. */
export const DIFFERENCE_FORMATS = ['text', 'json', 'markdown'] as const;
export type DifferenceFormat = (typeof DIFFERENCE_FORMATS)[number];

/** How an audit is written: for a terminal, programs, a pull request, code scanning, test reports, a log of GitHub Actions, a browser. */
export const FORMATS = [...DIFFERENCE_FORMATS, 'sarif', 'junit', 'github', 'html'] as const;
export type Format = (typeof FORMATS)[number];
