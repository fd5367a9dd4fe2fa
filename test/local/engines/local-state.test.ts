import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  claimState,
  forgetState,
  readPassword,
  readState,
  stateFiles,
  writeUpState,
} from '../../../scripts/local/engines/local-state';
import { scratchDirectory } from '../../support/scratch';

const scratch = scratchDirectory();
const target = {
  host: '127.0.0.1',
  port: 5432,
  user: 'citus',
  database: 'citus',
  password: 'secret-of-the-cluster',
  sslMode: 'disable' as const,
};
const { host, port, user, database } = target;
const up = {
  formatVersion: 1,
  status: 'up',
  engine: 'native',
  connection: { host, port, user, database },
  workload: 'sensors',
  rows: 10,
  directory: '/tmp/x',
} as const;

test('the place is taken by the first who claims it, until it is forgotten', () => {
  const directory = join(scratch, 'claimed');
  expect(claimState(directory, { pid: 1 })).toBe(true);
  expect(claimState(directory, { pid: 2 })).toBe(false);
  expect(readState(stateFiles(directory))).toEqual({
    formatVersion: 1,
    status: 'starting',
    owner: { pid: 1 },
  });
  forgetState(directory);
  expect(readState(stateFiles(directory))).toBeUndefined();
  expect(claimState(directory, { pid: 2 })).toBe(true);
});

test('the password is in the password file alone, and nobody else can read either file', () => {
  const directory = join(scratch, 'up');
  claimState(directory, { pid: 1 });
  writeUpState(directory, up, target);
  const files = stateFiles(directory);
  expect(readState(files)).toEqual(up);
  expect(readFileSync(files.state, 'utf8')).not.toContain(target.password);
  expect(readFileSync(files.passwords, 'utf8')).toBe('127.0.0.1:5432:citus:citus:secret-of-the-cluster\n');
  expect(readPassword(files)).toBe(target.password);
  for (const file of [files.state, files.passwords]) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('the password of somebody else’s cluster is not written down', () => {
  const directory = join(scratch, 'borrowed');
  claimState(directory, { pid: 1 });
  writeUpState(directory, { ...up, engine: 'citus-url' }, target);
  expect(() => readPassword(stateFiles(directory))).toThrow(/ENOENT/);
});

test('a state nobody understands is an error with a way out', () => {
  const directory = join(scratch, 'garbled');
  claimState(directory, { pid: 1 });
  writeFileSync(stateFiles(directory).state, '{ "status": "up" }');
  expect(() => readState(stateFiles(directory))).toThrow(/cannot be understood: remove it/);
});
