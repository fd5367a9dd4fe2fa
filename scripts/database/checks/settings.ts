import { escapeIdentifier, escapeLiteral } from 'pg';
import { allOf } from '../../../config/text/text';
import type { SettingDifference } from '../../citus/settings';
import type { LiveDatabase } from '../model/live';
import { finding } from './findings';
import type { Finding } from './findings';

/** Settings under which a shard answers otherwise than the table did, each with the statements that give all nodes the coordinator's. */
export function settingFindings({
  settingDifferences = [],
  database,
  role,
}: Pick<LiveDatabase, 'settingDifferences' | 'database' | 'role'>): Finding[] {
  return settingDifferences.map((difference) => {
    const whose = `sessions of role ${difference.role ?? role}`;
    return finding(
      'setting-differs',
      difference.role === undefined ? difference.name : `${difference.role}.${difference.name}`,
      `${difference.name} of ${whose} is ${describeValues(difference)}. A shard answers under the settings of its node, so an answer that depends on it changes with the place of a row. ` +
        remedy(difference, database),
      'allowance',
    );
  });
}

function describeValues({ values }: SettingDifference): string {
  return allOf(values.map(({ node, value }) => `${value === null ? 'not set' : `'${value}'`} on ${node}`));
}

/** The coordinator comes first: what it has is what the table answered with. */
function remedy({ name, role, values: [first, ...others] }: SettingDifference, database: string): string {
  const where = others.filter(({ value }) => value !== first?.value).map(({ node }) => node);
  const subject =
    role === undefined
      ? `DATABASE ${escapeIdentifier(database)}`
      : `ROLE ${escapeIdentifier(role)} IN DATABASE ${escapeIdentifier(database)}`;
  const value = first?.value ?? null;
  // A list is no literal: as one it names a schema with a comma in it.
  const written = value === null || name.toLowerCase() === 'search_path' ? value : escapeLiteral(value);
  const statement =
    written === null ? `ALTER ${subject} RESET ${name}` : `ALTER ${subject} SET ${name} = ${written}`;
  return `To give all nodes what the coordinator has, run on ${allOf(where)}: ${statement}`;
}
