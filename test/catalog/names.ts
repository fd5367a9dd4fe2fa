import { escapeIdentifier } from 'pg';
import type { TableName } from '../../config/workload/distribution-types';
import type { Chance } from './chance';

export const sqlName = ({ schema, name }: TableName): string =>
  `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;

export const SCHEMAS: readonly [string, ...string[]] = ['public', 'public', 'sales', 'Odd Schema', 'a.b'];

/** Plain names, and those that a program trips over. */
const TABLES: readonly [string, ...string[]] = [
  'orders',
  'items',
  'events',
  'users',
  'Order Lines',
  'select',
  'quote"inside',
  "o'clock",
  'naïve ☃',
  'with.dot',
  'percent%d',
  'back\\slash',
  'dollar$1',
  'a_table_with_a_name_of_fifty_five_letters_to_be_cut_off',
];

/** Every table of a case has a name of its own. */
export function drawName(chance: Chance, id: number): TableName {
  const name = chance.pick(TABLES);
  return {
    schema: chance.pick(SCHEMAS),
    name: id === 0 ? name : `${name} ${String(id)}`.replace(/^([a-z_]+) /, '$1_'),
  };
}
