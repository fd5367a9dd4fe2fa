import { allOf, someOf } from '../../../config/text/text';
import { finding } from '../../database/checks/findings';
import type { Finding } from '../../database/checks/findings';
import type { LiveDatabase, LivePublication, LiveSlot, LiveTable } from '../../database/model/live';
import { showTable } from '../../database/model/names';
import { actsOn } from '../../database/model/step';
import type { TablesStep } from '../../database/model/step';
import { groupBy } from '../../lib/group-by';

/** Tables that a message names. */
const NAMED = 8;

/**
 * What reads or writes the tables by logical replication, which knows relations and not Citus: it sees no row that goes to a shard, and
 * brings its own where no query looks. Pure.
 *
 * @param entering tables that become Citus's
 */
export function replicationFindings(
  live: LiveDatabase,
  entering: readonly LiveTable[],
  steps: readonly TablesStep[],
): Finding[] {
  if (entering.length === 0) return [];
  const slots = groupBy(live.logicalSlots ?? [], ({ plugin }) =>
    plugin === 'pgoutput' ? 'pgoutput' : 'other',
  );
  const published = groupBy(
    entering.flatMap((table) => table.publications.map((publication) => ({ publication, table }))),
    ({ publication }) => publication.name,
  );
  const subscribed = groupBy(
    entering.flatMap((table) => table.subscriptions.map((subscription) => ({ subscription, table }))),
    ({ subscription }) => subscription,
  );
  return [
    ...[...published.values()].map((all) =>
      quietPublication(
        all[0].publication,
        all.map(({ table }) => table),
        steps,
        slots.get('pgoutput') ?? [],
      ),
    ),
    ...(slots.get('other') ?? []).map((slot) => quietSlot(slot, entering)),
    ...[...subscribed].map(([name, all]) =>
      bypassingSubscription(
        name,
        all.map(({ table }) => table),
      ),
    ),
  ];
}

function quietPublication(
  { name, truncates, named }: LivePublication,
  tables: readonly LiveTable[],
  steps: readonly TablesStep[],
  slots: readonly LiveSlot[],
): Finding {
  const emptied = tables.filter(({ table }) =>
    steps.some((step) => step.action === 'truncate-local-copy' && actsOn(step, table)),
  );
  return finding(
    'publication-goes-quiet',
    name,
    [
      `publication ${name} publishes ${namesOf(tables)}. Citus writes rows to shards, which are other relations: subscribers see no change of ${tables.length === 1 ? 'it' : 'them'} any more (${describeSlots(slots)})`,
      ...(named
        ? []
        : [
            'It publishes all tables of a schema or of the database, so changes of shards on the coordinator arrive under names like TABLE_102008, and a subscriber without such a table stops',
          ]),
      ...(truncates && emptied.length > 0
        ? [
            `Step truncate-local-copy is published and empties ${namesOf(emptied)} at the subscriber; ALTER PUBLICATION ... SET (publish = 'insert, update, delete') before the run avoids that`,
          ]
        : []),
      `${WHAT_CITUS_OFFERS}. Move the consumer there, or stop it, before the run`,
    ].join('. '),
    'allowance',
  );
}

function quietSlot({ name, plugin, active }: LiveSlot, tables: readonly LiveTable[]): Finding {
  return finding(
    'slot-goes-quiet',
    name,
    `logical replication slot ${name} (${plugin}, ${active ? 'in use' : 'not in use now'}) decodes this database. Citus writes rows of ${namesOf(tables)} to shards: those on other nodes are not in this slot, ` +
      `and those on the coordinator come under names like TABLE_102008. ${WHAT_CITUS_OFFERS}. Move the consumer there, or stop it, before the run`,
    'allowance',
  );
}

function bypassingSubscription(name: string, tables: readonly LiveTable[]): Finding {
  return finding(
    'subscription-bypasses-shards',
    name,
    `subscription ${name} brings rows into ${namesOf(tables)}, and its worker writes past Citus: after the run its rows land on the coordinator where no query sees them. ` +
      `End it before the run (ALTER SUBSCRIPTION ... DISABLE, or DROP SUBSCRIPTION)`,
    'allowance',
  );
}

const WHAT_CITUS_OFFERS =
  'Citus decodes changes of shards under the name of their table where citus.enable_change_data_capture is on for every node, for a consumer with a slot on each node';

function describeSlots(slots: readonly LiveSlot[]): string {
  if (slots.length === 0) return 'there is no slot of pgoutput in this database now';
  const each = slots.map(({ name, active }) => `${name}, ${active ? 'in use' : 'not in use now'}`);
  return `${slots.length === 1 ? 'slot' : 'slots'} of pgoutput in this database: ${allOf(each)}`;
}

function namesOf(tables: readonly LiveTable[]): string {
  return `${tables.length === 1 ? 'table' : 'tables'} ${someOf(
    tables.map(({ table }) => showTable(table)),
    NAMED,
  )}`;
}
