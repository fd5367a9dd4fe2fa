import { z } from 'zod';
import { paragraph } from './terraform';
import { terraformMessages, terraformWords } from './terraform-answers';

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
 * that begin with `Error:`, or its log (TF_LOG_CORE=ERROR). Warnings are left out, and each error is told once. Pure.
 */
export function parseDiagnostics(output: string): readonly Diagnostic[] {
  const structured = terraformMessages(output).flatMap(fromMessage);
  const logged = fromLog(output);
  const spoken = (): readonly Diagnostic[] => fromText(terraformWords(output).split('\n'));
  const found = structured.length > 0 ? structured : logged.length > 0 ? logged : spoken();
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

function fromMessage(message: unknown): readonly Diagnostic[] {
  const parsed = messageSchema.safeParse(message);
  if (!parsed.success || parsed.data.diagnostic.severity !== 'error') return [];
  const { summary, detail = '', address } = parsed.data.diagnostic;
  return [{ summary, detail, ...(address === undefined ? {} : { address }) }];
}

/** A line of the log: when, and at which address of the graph, quoted. What follows is the error in full. */
const LOGGED = /^\d{4}-\d\d-\d\dT\S+ \[ERROR\] vertex ("(?:[^"\\]|\\.)*") error: /;
const LOG_LINE = /^(?=\d{4}-\d\d-\d\dT\S+ \[[A-Z]+\])/m;

function fromLog(output: string): readonly Diagnostic[] {
  return output.split(LOG_LINE).flatMap((entry) => {
    const [start = '', vertex = '""'] = LOGGED.exec(entry) ?? [];
    if (start === '') return [];
    return [
      { summary: paragraph(entry.slice(start.length)), detail: '', address: JSON.parse(vertex) as string },
    ];
  });
}

/** Where a fault stands: `with ADDRESS,`, behind which cdktf writes the path of the construct. */
const WITH = /^with (\S+)(?: \(.*\))?,$/;
const ON = /^on \S+ line \d+/;
/** The one line of the generated file that is shown of it, which helps nobody. */
const EXCERPT = /^\d+: /;

function fromText(lines: readonly string[]): readonly Diagnostic[] {
  const blocks: string[][] = [];
  let current: string[] | undefined;
  for (const line of lines) {
    const text = paragraph(line);
    const [, severity, summary = ''] = /^(Error|Warning): (.*)$/.exec(text) ?? [];
    if (severity === 'Error') blocks.push((current = [summary]));
    else if (severity === 'Warning' || line.includes('╵')) current = undefined;
    else current?.push(text);
  }
  return blocks.map(fromBlock);
}

/** What stands before the place is the summary, however many lines it takes; without a place, its first lines are. */
function fromBlock(lines: readonly string[]): Diagnostic {
  const isPlace = (line: string): boolean => WITH.test(line) || ON.test(line);
  const place = lines.findIndex(isPlace);
  const end = place === -1 ? lines.indexOf('') : place;
  const summary = paragraph(lines.slice(0, end === -1 ? undefined : end).join(' '));
  const rest = end === -1 ? [] : lines.slice(end);
  const detail = paragraph(rest.filter((line) => !isPlace(line) && !EXCERPT.test(line)).join(' '));
  const address = rest.map((line) => WITH.exec(line)?.[1]).find((each) => each !== undefined);
  return {
    summary,
    // The provider has one text for both.
    detail: detail === summary ? '' : detail,
    ...(address === undefined ? {} : { address }),
  };
}
