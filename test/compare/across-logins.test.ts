import { alikeAcrossLogins } from '../../scripts/compare/across-logins';
import { compareSides } from '../../scripts/compare/decide';
import type { CompareDocument } from '../../scripts/compare/decide';
import type { Side } from '../../scripts/compare/side';
import { side } from './sides';

const compared = (from: Side, to: Side): CompareDocument => compareSides(...alikeAcrossLogins(from, to));

const TABLE = {
  table: { schema: 'public', name: 'a' },
  citus: { kind: 'plain' as const },
  columns: ['id'],
  rows: { rows: 0, checksum: '0', shards: [] },
};

/** A database of which a login owns everything. */
function owned(login: string, more: Partial<Side> = {}): Side {
  return side({
    login,
    roles: [login, 'app', 'postgres'],
    tables: [TABLE],
    objects: {
      a: {
        owner: login,
        'owner of sequence a_id_seq of column id': login,
        grants: `app SELECT f, ${login} SELECT f`,
        'policy mine': `permissive SELECT {app,${login}} true`,
      },
    },
    views: [
      {
        view: { schema: 'public', name: 'v' },
        objects: { owner: login, grants: `${login} SELECT f`, comment: null },
      },
    ],
    others: {
      [`role ${login}`]: { attributes: login === 'citus' ? 'LOGIN' : 'LOGIN, CREATEROLE, CREATEDB' },
      [`default privileges of ${login} in schema public`]: { 'grants for r': ` SELECT f, ${login} SELECT f` },
      'function f()': { owner: login, grants: ` EXECUTE f, ${login} EXECUTE f` },
      database: { owner: login },
    },
    ...more,
  });
}

test('what each side’s own login owns has one owner, where the other side has no such role', () => {
  const { equal, differences, notes } = compared(owned('citus'), owned('wwi_admin'));
  expect(differences).toEqual([]);
  expect(equal).toBe(true);
  expect(notes).toEqual([
    'what citus owns in from and wwi_admin owns in to has one owner: each is the login of its side, and the other side has no such role',
  ]);
});

test('what somebody else owns, or is granted, is a difference as before', () => {
  const to = owned('wwi_admin', {
    objects: {
      a: {
        owner: 'app',
        'owner of sequence a_id_seq of column id': 'wwi_admin',
        grants: 'app SELECT f, wwi_admin SELECT f, web SELECT f',
        'policy mine': 'permissive SELECT {wwi_admin} true',
      },
    },
  });
  expect(compared(owned('citus'), to).differences.map(({ part }) => part)).toEqual([
    'policy mine',
    'grants',
    'owner',
  ]);
});

test.each([
  ['the same login', 'citus', ['citus']],
  ['a login that both sides have', 'wwi_admin', ['wwi_admin', 'citus']],
])('an owner is who it is with %s', (_, login, roles) => {
  const [from, to] = [owned('citus'), owned(login, { roles })];
  expect(alikeAcrossLogins(from, to)).toEqual([from, to]);
  expect(compared(from, to).notes).toEqual([]);
  expect(compared(from, to).equal).toBe(login === 'citus');
});
