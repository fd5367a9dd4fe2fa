import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { TableName } from '../../config/workload/distribution-types';
import { readTableName } from '../../config/workload/identifiers';
import type { AddVerb, Group } from './command';
import type { DatabaseFlags } from './inputs';
import { databaseTarget, declaration, queriesOf } from './inputs';

/** Adds `compare`. */
export function addCompare(program: Group, verb: AddVerb): void {
  const side = 'postgresql://USER@HOST:PORT/DATABASE, or env:NAME for a deployed environment';
  verb(
    program
      .command('compare')
      .description(
        'hold two live databases against each other, to the last row and sequence: after a restore, a dump, a migration; changes nothing',
      )
      .requiredOption('--from <database>', side)
      .requiredOption('--to <database>', side)
      .option(
        '--queries <file>',
        'what runs all day, as config/workloads/*/queries.sql; their answers and task counts are compared; by default those of the environment, unless --tables is given',
      )
      .option(
        '--tables <names>',
        'compare these tables and views alone: table or schema.table, with commas between',
        namesOf,
      )
      .addHelpText(
        'after',
        '\nPasswords: PGPASSWORD for both sides, or the file that PGPASSFILE names (~/.pgpass) with a line for each server.\nExit status: 0 equal, 1 different.',
      ),
    async (context, flags) => {
      const { compare } = await import('../compare/commands.ts');
      const [from, to] = [sideFlags('--from', flags.from), sideFlags('--to', flags.to)];
      const env = from.env ?? to.env;
      const { queries } =
        flags.queries === undefined && flags.tables === undefined && env !== undefined
          ? await declaration({ env })
          : await queriesOf(flags);
      return compare(context, {
        from: await databaseTarget(context, from),
        to: await databaseTarget(context, to),
        ...(queries === undefined ? {} : { queries }),
        ...(flags.tables === undefined ? {} : { tables: flags.tables }),
      });
    },
  );
}

/** A comma within double quotes belongs to a name. @throws InvalidArgumentError for what is no name of a table */
function namesOf(text: string): TableName[] {
  const parts = text.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [];
  if (parts.join(',') !== text || text === '')
    throw new InvalidArgumentError('it must be names with one comma between two, each double quote closed.');
  return parts.map((part) => {
    const name = readTableName(part.trim());
    if (name.ok) return name.value;
    throw new InvalidArgumentError(`${name.problem}.`);
  });
}

function sideFlags(flag: '--from' | '--to', text: string): DatabaseFlags {
  return text.startsWith('env:') ? { env: text.slice('env:'.length) } : { url: text, flag };
}
