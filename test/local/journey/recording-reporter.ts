import type { Reporter } from '../../../scripts/lib/reporter';

/** Keeps what was reported, one string to a line. */
export function recordingReporter(): Reporter & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    info: (text) => lines.push(text),
    event: () => undefined,
    warn: (text) => lines.push(`! ${text}`),
    heading: (text) => lines.push(`# ${text}`),
    progress: (label, total) => ({
      update: () => undefined,
      finish: () => lines.push(`${label}: ${String(total ?? '')}`),
    }),
  };
}
