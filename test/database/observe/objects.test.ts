import type { LiveFact, LiveTable } from '../../../scripts/database/model/live';
import { compareObjects, objectsOf, withForce } from '../../../scripts/database/observe/objects';
import type { ObjectsCompared } from '../../../scripts/database/observe/objects';
import {
  distributed,
  distribution,
  foreignKey,
  key,
  liveDatabase,
  liveTable,
  named,
  primaryKey,
  sensors,
} from '../../tables/support/catalog';

const facts: readonly LiveFact[] = [
  { subject: 'column device_id', definition: 'integer' },
  { subject: 'constraint events_pkey', definition: 'PRIMARY KEY (event_id)' },
  { subject: 'constraint whole', definition: 'CHECK ((device_id > 0)) NOT VALID' },
  { subject: 'index events_pkey', definition: 'CREATE UNIQUE INDEX ... (event_id)' },
  { subject: 'index events_note_idx', definition: 'CREATE INDEX ... (note)' },
];
const events = (more: Partial<LiveTable> = {}): LiveTable[] =>
  sensors({
    events: {
      facts,
      comments: [{ on: 'column', schema: 'public', name: 'note', text: 'what somebody said' }],
      foreignKeys: [foreignKey('events', ['device_id'], 'devices')],
      ...more,
    },
  });
const grants = { oid: 1, subject: 'grants', definition: 'citus SELECT f' };

/** Of the table events, as it is compared with itself after some change. */
const differences = (
  more: Partial<LiveTable>,
  attached = [grants],
): Pick<ObjectsCompared, 'gone' | 'different' | 'same'> => {
  const [before, after] = [
    objectsOf(distribution(), liveDatabase(events()), [grants]),
    objectsOf(distribution(), liveDatabase(events(more)), attached),
  ];
  const { gone, different, same } = compareObjects(before, after).find(({ table }) => table === 'events')!;
  return { gone, different, same };
};
const none = { gone: [], different: [], same: true };
const without = (subject: string): readonly LiveFact[] => facts.filter((each) => each.subject !== subject);
const changed = (subject: string, definition: string): readonly LiveFact[] => [
  ...without(subject),
  { subject, definition },
];

test('distributing a table as it was specified changes nothing of what is kept', () => {
  expect(
    differences({
      citus: distributed('device_id', 7),
      hasHeap: false,
      oid: 1,
      keys: [primaryKey('events', ['device_id', 'event_id'])],
      ownChecks: [{ name: 'scaleout_not_null_device_id', validated: false }],
      facts: [
        ...changed('constraint events_pkey', 'PRIMARY KEY (device_id, event_id)').filter(
          ({ subject }) => subject !== 'index events_pkey',
        ),
        { subject: 'index events_pkey', definition: 'CREATE UNIQUE INDEX ... (device_id, event_id)' },
        { subject: 'index scaleout_key_events', definition: 'of an unfinished run' },
        { subject: 'index new', definition: 'of somebody else' },
      ],
    }),
  ).toEqual(none);
});

test.each<[string, Partial<LiveTable>, string[], string[]]>([
  ['an index', { facts: without('index events_note_idx') }, ['index events_note_idx'], []],
  [
    'another index by its name',
    { facts: changed('index events_note_idx', '...') },
    [],
    ['index events_note_idx'],
  ],
  ['a check', { facts: without('constraint whole') }, ['constraint whole'], []],
  [
    'that a check may not hold',
    { facts: changed('constraint whole', 'CHECK ((device_id > 0))') },
    ['NOT VALID of constraint whole'],
    [],
  ],
  ['a default', { facts: changed('column device_id', 'integer 7') }, [], ['column device_id']],
  ['a comment', { comments: [] }, ['comment on column note'], []],
  ['a foreign key', { foreignKeys: [] }, ['foreign key events_device_id_fkey'], []],
  [
    'what a foreign key does',
    {
      foreignKeys: [foreignKey('events', ['device_id'], 'devices', { definition: '... ON DELETE CASCADE' })],
    },
    [],
    ['foreign key events_device_id_fkey'],
  ],
  ['its owner', { owner: 'somebody' }, [], ['owner']],
  ['its replica identity', { replicaIdentity: 'full' }, [], ['replica identity']],
  [
    'the index of its replica identity',
    {
      keys: [
        primaryKey('events', ['event_id']),
        key('other', 'index', ['device_id'], { identifiesRows: true }),
      ],
    },
    [],
    ['replica identity'],
  ],
])('%s that is lost is named', (_what, more, gone, different) => {
  expect(differences(more)).toEqual({ gone, different, same: false });
});

test('grants are compared, and a table that is gone is gone as a whole', () => {
  expect(differences({}, [{ ...grants, definition: 'citus SELECT t' }])).toMatchObject({
    different: ['grants'],
  });
  expect(differences({}, [])).toMatchObject({ gone: ['grants'] });
  expect(compareObjects({ events: { grants: 'a' } }, {})).toEqual([
    { table: 'events', objects: 1, same: false, gone: ['the table'], different: [] },
  ]);
});

test('a foreign key from a table that the specification does not name is kept at its other end', () => {
  const foreign = foreignKey('visits', ['device_id'], 'devices');
  const outside = (foreignKeys: LiveTable['foreignKeys']): LiveTable => liveTable('visits', { foreignKeys });
  const objects = (foreignKeys: LiveTable['foreignKeys']) =>
    objectsOf(distribution(), liveDatabase([...events(), outside(foreignKeys)]), []);
  expect(compareObjects(objects([foreign]), objects([])).filter(({ same }) => !same)).toEqual([
    expect.objectContaining({ table: 'devices', gone: ['foreign key visits_device_id_fkey of visits'] }),
  ]);
});

test('a constraint that is validated stays so, a policy keeps its kind, and FORCE comes back after a run lifted it', () => {
  const foreign = foreignKey('events', ['device_id'], 'devices');
  const unvalidated = { ...foreign, definition: `${foreign.definition} NOT VALID` };
  expect(differences({ foreignKeys: [unvalidated] })).toEqual({
    gone: ['validation of foreign key events_device_id_fkey'],
    different: [],
    same: false,
  });
  const policies = (kind: string, force: string): LiveTable[] =>
    events({
      facts: [
        { subject: 'policy mine', definition: `* ${kind} {0} true` },
        { subject: 'row-level security', definition: `t ${force}` },
      ],
    });
  const objects = (kind: string, force: string, lifted: boolean) =>
    objectsOf(
      distribution(),
      withForce(liveDatabase(policies(kind, force)), lifted ? [named('events')] : []),
      [],
    );
  const compared = (...now: Parameters<typeof objects>) =>
    compareObjects(objects('t', 't', false), objects(...now)).flatMap(({ different }) => different);
  expect(compared('f', 't', false)).toEqual(['policy mine']);
  expect(compared('t', 'f', false)).toEqual(['row-level security']);
  expect(compared('t', 'f', true)).toEqual([]);
});

test('a partition that is gone is named once, and not with all that it had', () => {
  const before = { t: { 'partition p': 'a', 'grants of partition p': 'b', 'grants of partition q': 'c' } };
  expect(compareObjects(before, { t: { 'grants of partition q': 'd' } })).toEqual([
    expect.objectContaining({ gone: ['partition p'], different: ['grants of partition q'] }),
  ]);
});
