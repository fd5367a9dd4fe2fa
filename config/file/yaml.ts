import type { Document, YAMLError } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { ConfigIssue, IssueCode } from './config-error';
import { ConfigError } from './config-error';
import { show } from '../text/text';
import type { Path, SchemaViolation, Violation } from './violations';
import { inWords } from './violations';

/** Says that something is wrong at a place of the file. */
export type Report = (path: Path, problem: string) => void;

/** The same, with what kind of issue it is. */
type ReportCoded = (path: Path, problem: string, code: IssueCode) => void;

/**
 * A rule over several values of a file. It runs whenever what it reads is well-formed, also when another part of the
 * file is not, so that one read shows every issue. What it says of a value that the schema has refused is dropped: a rule
 * over a list may read all of it, and speak of the items that are well-formed.
 */
export interface Rule {
  readonly run: (data: unknown, report: Report) => void;
}

/** Reports what is wrong in the value at a place of the file. */
export function reportAll(place: Path, violations: readonly Violation[], report: Report): void {
  for (const { at, problem } of violations) report([...place, ...at], problem);
}

/** A rule over the part of the file that `reads` describes. */
export function rule<T>(reads: z.ZodType<T>, check: (value: T, report: Report) => void): Rule {
  return {
    run(data, report) {
      const read = reads.safeParse(data);
      if (read.success) check(read.data, report);
    },
  };
}

/** What there is to say of a place that the schema refuses, instead of what the schema says; undefined for nothing. */
export type Explain = (violation: SchemaViolation, data: unknown) => string | undefined;

/**
 * Parses YAML 1.2 strictly against a schema and the rules that span several values.
 *
 * The message of each type of the schema says what is allowed there ("a whole number from 1 to 64000"); this adds the
 * place, the value and the way out.
 *
 * @throws ConfigError with every issue: syntax, duplicate keys, unknown keys, wrong values, broken rules
 */
export function parseYaml<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  rules: readonly Rule[] = [],
  explain: Explain = () => undefined,
): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const issues: ConfigIssue[] = [];

  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    throw new ConfigError(syntax.map((error) => syntaxIssue(error, file, text, lines)));
  }
  const report: ReportCoded = (path, problem, code) => {
    const { line } = lines.linePos(offsetOf(document, path));
    issues.push({ code, file, line, path: pathText(path), problem });
  };

  const data = valueOf(document, file);
  const parsed = schema.safeParse(data);
  const malformed = new Set<string>();
  for (const violation of inWords(parsed.error, data)) {
    malformed.add(pathText(violation.at));
    report(violation.at, explain(violation, data) ?? violation.problem, violation.code);
  }
  const isMalformed = (path: Path): boolean =>
    path.some((_, index) => malformed.has(pathText(path.slice(0, index + 1))));
  for (const each of rules) {
    each.run(data, (path, problem) => {
      if (!isMalformed(path)) report(path, problem, 'config.rule');
    });
  }
  if (issues.length > 0 || !parsed.success) throw new ConfigError(issues);
  return parsed.data;
}

/** What a document says. @throws ConfigError where that is nothing, or no one value */
function valueOf(document: Document, file: string): unknown {
  let data: unknown;
  try {
    data = document.toJS();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const problem = `its aliases cannot be resolved (${said}): write the values out`;
    throw new ConfigError([{ code: 'config.syntax', file, path: '', problem }]);
  }
  if (data !== null && data !== undefined) return data;
  const problem = 'the file is empty: write the keys it needs';
  throw new ConfigError([{ code: 'config.missing-key', file, line: 1, path: '', problem }]);
}

function syntaxIssue(error: YAMLError, file: string, text: string, lines: LineCounter): ConfigIssue {
  const line = lines.linePos(error.pos[0]).line;
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? '';
    return {
      code: 'config.duplicate-key',
      file,
      line,
      path: '',
      problem: `the key ${show(key)} is written twice: keep one of the two`,
    };
  }
  const said = error.message.replace(/\s+/g, ' ').replace(/[.\s]+$/, '');
  return { code: 'config.syntax', file, line, path: '', problem: `not valid YAML: ${said}` };
}

/** `a.b[0]."c.d"`: keys as in the file, quoted where a dot would mislead. */
function pathText(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${String(key)}]`;
      return `${index === 0 ? '' : '.'}${/[.\s[\]"]/.test(key) ? `'${key}'` : key}`;
    })
    .join('');
}

/** Where a path is written; for a key that is missing, where its parent is. */
function offsetOf(document: Document, path: Path): number {
  return placeOf(document, path).offset;
}

/** The same, and how many of the path's keys are there. */
function placeOf(document: Document, path: Path): { readonly offset: number; readonly depth: number } {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  let depth = 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined || !isNode(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else break;
    depth += 1;
  }
  return { offset, depth };
}

/** A YAML file with the lines of its keys. */
export interface LocatedYaml {
  readonly data: unknown;
  /** The line, 1-based, where a path is written, or the longest part of it that is there; `depth` keys of it are. */
  readonly locate: (path: Path) => { readonly line: number; readonly depth: number };
}

/** Reads YAML for the places of its keys alone; undefined where it is none. */
export function locateYaml(text: string): LocatedYaml | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) return undefined;
  return {
    data: document.toJS() as unknown,
    locate(path) {
      const { offset, depth } = placeOf(document, path);
      return { line: lines.linePos(offset).line, depth };
    },
  };
}
