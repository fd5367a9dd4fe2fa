import { isMap, isScalar, Document } from 'yaml';
import type { TableName } from '../../config/workload/distribution-types';
import { parseDistribution } from '../../config/workload/distribution';
import type { Advice, TableAdvice } from './advice-document';

/** Characters of a comment's line. */
const WIDTH = 110;

/**
 * The advice as a `distribution.yaml` that people go on editing: every table with its reasons above it, and what is not
 * decided, or not possible yet, as a comment where it would stand.
 *
 * @throws ConfigError where the parser of such files would not take it, which would be a fault of this program
 */
export function toDistributionFile(advice: Advice): string {
  const entries = advice.tables.filter(isWritten).sort((a, b) => rank(a) - rank(b));
  const document = new Document({
    shardCount: advice.shardCount,
    online: true,
    tables: Object.fromEntries(entries.map((table) => [writtenTable(table), toEntry(advice, table)])),
    ...(advice.schemas.length === 0
      ? {}
      : {
          schemas: Object.fromEntries(
            advice.schemas.flatMap(({ schemas }) =>
              schemas.map((schema) => [writtenName(schema), { distributed: true }]),
            ),
          ),
        }),
  });
  document.commentBefore = [
    ` Advised for database ${oneLine(advice.database)}. A proposal: read the reasons, change what you know better, and see what`,
    ' `scaleout tables plan --spec` makes of it.',
    ...advice.caveats.flatMap((text) => wrap(`Mind: ${text}.`)),
    ...(advice.changes.some(({ blocking }) => blocking) ? [' To change first:'] : []),
    ...advice.changes.filter(({ blocking }) => blocking).flatMap(({ text }) => wrap(`- ${text}.`)),
  ].join('\n');
  const tables = document.get('tables');
  if (isMap(tables)) {
    for (const [index, pair] of tables.items.entries()) {
      const entry = entries[index];
      if (entry === undefined || !isScalar(pair.key)) continue;
      pair.key.commentBefore = entry.reasons.flatMap((reason) => wrap(`- ${reason}.`)).join('\n');
      if (isMap(pair.value)) pair.value.flow = true;
    }
    const open = advice.tables.filter((table) => !isWritten(table));
    if (open.length > 0) tables.comment = open.flatMap(toComment).join('\n');
  }
  const schemas = document.get('schemas');
  if (isMap(schemas)) {
    const firsts = new Map(
      advice.schemas.map((group) => [writtenName(group.schemas[0] ?? ''), group.reasons]),
    );
    for (const { key, value } of schemas.items) {
      if (isMap(value)) value.flow = true;
      const reasons = isScalar(key) ? firsts.get(String(key.value)) : undefined;
      if (isScalar(key) && reasons !== undefined) {
        key.commentBefore = reasons.flatMap((reason) => wrap(`- ${reason}.`)).join('\n');
      }
    }
  }
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  if (entries.length > 0 || advice.schemas.length > 0)
    parseDistribution(text, 'the advised distribution.yaml');
  return text;
}

/** Undecided tables, and those that lack their column, can stand in no specification yet. */
function isWritten({ decision, lacksColumn }: TableAdvice): boolean {
  return decision !== 'undecided' && !lacksColumn;
}

function toEntry(advice: Advice, table: TableAdvice): Record<string, unknown> {
  if (table.decision === 'reference') return { reference: true };
  if (table.decision === 'local') return { local: true };
  const root = advice.tables.find((each) => each.table === table.colocateWith);
  return {
    distributeBy: writtenName(table.distributeBy ?? ''),
    ...(root === undefined ? {} : { colocateWith: writtenTable(root) }),
    ...(table.primaryKey === undefined ? {} : { primaryKey: table.primaryKey.map(writtenName) }),
  };
}

function toComment(table: TableAdvice): string[] {
  const lines = table.reasons.flatMap((reason) => wrap(`- ${reason}.`));
  const entry =
    table.decision === 'distribute'
      ? `{ distributeBy: ${table.distributeBy ?? ''} }, once it can`
      : 'undecided';
  return [...lines, ` ${oneLine(writtenTable(table))}: ${entry}`];
}

function rank({ decision, colocateWith }: TableAdvice): number {
  if (decision === 'reference') return 0;
  if (decision === 'local') return 3;
  return colocateWith === undefined ? 1 : 2;
}

/** A table as the file names it: with SQL's quotes where its name needs them. */
function writtenTable({ schema, name }: Pick<TableName, 'schema' | 'name'>): string {
  return schema === 'public' ? writtenName(name) : `${writtenName(schema)}.${writtenName(name)}`;
}

function writtenName(name: string): string {
  return /^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\p{N}_$]*$/u.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** A sentence as lines of a comment. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
