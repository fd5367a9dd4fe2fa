import type { ConfigIssue } from '../file/config-error';
import { ConfigError } from '../file/config-error';
import { didYouMean, oneOf, show } from '../text/text';
import { scanSql } from './sql-statements';

/** A query that the workload's users run all day, and what it should cost once the tables are distributed. */
export interface WorkloadQuery {
  readonly name: string;
  /** One statement, without its closing semicolon. */
  readonly sql: string;
  /** The `Task Count` of its plan: `all` is one task to a shard. Absent: nothing is expected. */
  readonly expectedTasks?: number | 'all';
  /** Whose sessions ask it, by the name that `pg_roles` has. @default - the login's */
  readonly role?: string;
}

const HEADERS = ['name', 'tasks', 'role'] as const;
const HEADER = /^--\s*([A-Za-z][\w-]*)\s*:\s*(.*?)\s*$/;
const NAME = /^[a-z][a-z0-9-]*$/;

interface HeaderLine {
  readonly line: number;
  readonly text: string;
}

interface Section {
  readonly line: number;
  readonly name: string;
  tasks?: HeaderLine;
  role?: HeaderLine;
  readonly body: string[];
}

/**
 * Parses `queries.sql`: each query is one statement under a header.
 *
 *     -- name: outliers
 *     -- tasks: all
 *     -- role: web_app
 *     SELECT ...;
 *
 * Plain comments may stand anywhere; a comment of the form `word: ...` at the start of a line is a header and must be
 * one of these three.
 *
 * @throws ConfigError with every issue
 */
export async function parseQueries(text: string, file: string): Promise<WorkloadQuery[]> {
  const issues: ConfigIssue[] = [];
  const report = (line: number, path: string, problem: string): void => {
    issues.push({ code: 'config.wrong-value', file, line, path, problem });
  };
  const queries = await Promise.all(split(text, report).map((section) => toQuery(section, report)));
  if (issues.length === 0 && queries.length === 0) {
    report(1, '', 'holds no query: start one with a line "-- name: NAME"');
  }
  const seen = new Set<string>();
  for (const { line, name } of queries) {
    if (seen.has(name)) report(line, name, 'is the name of an earlier query as well: give each its own');
    seen.add(name);
  }
  if (issues.length > 0) throw new ConfigError(issues);
  return queries.map(({ query }) => query);
}

type ReportAt = (line: number, path: string, problem: string) => void;

function split(text: string, report: ReportAt): Section[] {
  const sections: Section[] = [];
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const section = sections.at(-1);
    const header = HEADER.exec(content);
    if (header === null) {
      if (section !== undefined) section.body.push(content);
      else if (content.trim() !== '' && !content.trimStart().startsWith('--')) {
        report(
          line,
          '',
          `${show(content.trim())} stands before the first query: name it with a line "-- name: NAME" above`,
        );
        break;
      }
      continue;
    }
    const [, key = '', value = ''] = header;
    if (key === 'name') sections.push({ line, name: value, body: [] });
    else if (key !== 'tasks' && key !== 'role') {
      report(
        line,
        section?.name ?? '',
        `unknown header ${show(key)}${didYouMean(key, HEADERS)}: the headers are ${oneOf(HEADERS)}`,
      );
    } else if (section === undefined)
      report(line, '', `a ${key} header stands before the first name: put it under one`);
    else if (section[key] !== undefined) report(line, section.name, `has a second ${key} header: keep one`);
    else section[key] = { line, text: value };
  }
  return sections;
}

async function toQuery(
  section: Section,
  report: ReportAt,
): Promise<{ line: number; name: string; query: WorkloadQuery }> {
  const { line, name, tasks, role } = section;
  if (!NAME.test(name)) {
    report(
      line,
      '',
      `${show(name)} is no name of a query: use small letters, digits and hyphens, as in outliers`,
    );
  }
  const count = tasks === undefined ? undefined : Number(tasks.text);
  if (tasks !== undefined && tasks.text !== 'all' && !/^[1-9]\d*$/.test(tasks.text)) {
    report(
      tasks.line,
      name,
      `tasks is ${show(tasks.text)}: it must be all (one to a shard) or a whole number from 1`,
    );
  }
  if (role?.text === '')
    report(role.line, name, 'has a role header without a name: write one, or take it out');
  const sql = await statementOf(section, report);
  const expected =
    tasks === undefined ? {} : { expectedTasks: tasks.text === 'all' ? ('all' as const) : (count ?? 0) };
  return {
    line,
    name,
    query: { name, sql, ...expected, ...(role === undefined ? {} : { role: role.text }) },
  };
}

/** The one statement of a section. */
async function statementOf({ line, name, body }: Section, report: ReportAt): Promise<string> {
  try {
    const { statements, closed, first } = await scanSql(body.join('\n'));
    if (statements === 0) report(line, name, 'has no statement: write one under its header');
    else if (statements > 1) report(line, name, 'holds more than one statement: give each its own name');
    else if (!closed) report(line, name, 'does not end with a semicolon: close the statement');
    return first;
  } catch (error) {
    const said = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
    report(
      line,
      name,
      `cannot be read as SQL (${said}): close the string, name or comment that is left open`,
    );
    return '';
  }
}
