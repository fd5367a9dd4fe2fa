import { canReach, findUser } from '../../../scripts/local/engines/server-user';

const PASSWD = [
  'root:x:0:0:root:/root:/bin/bash',
  'nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin',
  'postgres:x:105:110::/var/lib/postgresql:/bin/bash',
  '',
].join('\n');

test('the account for servers is the best one there is, never root', () => {
  expect(findUser(PASSWD, ['postgres', 'nobody'])).toEqual({ name: 'postgres', uid: 105, gid: 110 });
  expect(findUser(PASSWD, ['mysql', 'nobody'])).toEqual({ name: 'nobody', uid: 65534, gid: 65533 });
  expect(findUser(PASSWD, ['root'])).toBeUndefined();
  expect(findUser(PASSWD, ['mysql'])).toBeUndefined();
});

test('an account reaches what every directory above lets it pass to', () => {
  expect(canReach({ name: 'nobody', uid: 65534, gid: 65534 }, '/usr')).toBe(true);
});
