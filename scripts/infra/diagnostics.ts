import { z } from 'zod';
import { paragraph } from './terraform';

/** One fault that Terraform reported. */
export interface Diagnostic {
  readonly summary: string;
  readonly detail: string;
  /** The resource it is about. */
  readonly address?: string;
}

const messageSchema = z.object({
  type: z.literal('diagnostic'),
  diagnostic: z.object({
    severity: z.string(),
    summary: z.string(),
    detail: z.string().optional(),
    address: z.string().optional(),
  }),
});

/**
 * The errors in what a run of Terraform wrote: one JSON message to a line where it was asked for `-json`, or blocks
 * that begin with `Error:`. Warnings are left out, and each error is told once. Pure.
 */
export function parseDiagnostics(output: string): readonly Diagnostic[] {
  const lines = output.split('\n');
  const structured = lines.filter((line) => line.startsWith('{')).flatMap(fromJson);
  const found = structured.length > 0 ? structured : fromText(lines);
  return found.filter(
    (each, index) =>
      found.findIndex(
        (other) =>
          other.summary === each.summary && other.detail === each.detail && other.address === each.address,
      ) === index,
  );
}

/** A diagnostic in one line: summary and detail without line breaks. */
export function diagnosticText({ summary, detail }: Diagnostic): string {
  return paragraph(`${summary}${/[.:]$/.test(summary) || detail === '' ? '' : ':'} ${detail}`);
}

function fromJson(line: string): readonly Diagnostic[] {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return [];
  }
  const parsed = messageSchema.safeParse(message);
  if (!parsed.success || parsed.data.diagnostic.severity !== 'error') return [];
  const { summary, detail = '', address } = parsed.data.diagnostic;
  return [{ summary, detail, ...(address === undefined ? {} : { address }) }];
}

function fromText(lines: readonly string[]): readonly Diagnostic[] {
  const found: { summary: string; detail: string; address?: string }[] = [];
  let current: (typeof found)[number] | undefined;
  for (const line of lines) {
    const text = paragraph(line);
    const [, severity, summary] = /^(Error|Warning): (.*)$/.exec(text) ?? [];
    if (severity !== undefined) {
      current = undefined;
      if (severity === 'Error') found.push((current = { summary: summary ?? '', detail: '' }));
      continue;
    }
    if (current === undefined) continue;
    const [, address] = /^with (\S+),$/.exec(text) ?? [];
    // Where it stands in the generated file, and that file's one line, help nobody.
    if (address !== undefined) current.address = address;
    else if (!/^on \S+ line \d+/.test(text) && !/^\d+: /.test(text))
      current.detail = `${current.detail} ${text}`.trim();
  }
  return found;
}
