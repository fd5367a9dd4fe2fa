/** How a result is written for people; `--json` prints the document whatever the format. */
export const FORMATS = ['text', 'json', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];
