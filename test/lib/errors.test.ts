import { explain, isOfLostNode, nodeCodeOf, ScaleoutError, sqlStateOf } from '../../scripts/lib/errors';

const withCode = (code: unknown): Error => Object.assign(new Error('failed'), { code });

describe('the code of an error', () => {
  test.each([
    ['42P01', '42P01', undefined],
    ['XX000', 'XX000', undefined],
    ['HV00J', 'HV00J', undefined],
    ['ENOENT', undefined, 'ENOENT'],
    ['EPIPE', undefined, 'EPIPE'],
    ['CERT_HAS_EXPIRED', undefined, 'CERT_HAS_EXPIRED'],
    [7, undefined, undefined],
  ])('%s is PostgreSQL’s or Node’s', (code, sqlState, nodeCode) => {
    expect([sqlStateOf(withCode(code)), nodeCodeOf(withCode(code))]).toEqual([sqlState, nodeCode]);
  });

  test.each([new ScaleoutError('run.stopped', 'stopped'), new Error('without one'), 'no error', null])(
    'is neither for %p',
    (error) => {
      expect([sqlStateOf(error), nodeCodeOf(error)]).toEqual([undefined, undefined]);
    },
  );
});

test('a node that went away is told from other errors, and in one paragraph', () => {
  const answered = (message: string, code: string, severity = 'ERROR'): Error =>
    Object.assign(new Error(message), { code, severity });
  const gone = answered(
    'server closed the connection unexpectedly\n\tThis probably means\n\tno good',
    'XX000',
  );
  expect(isOfLostNode(gone)).toBe(true);
  expect(explain(gone)).toBe(
    'the database answered: server closed the connection unexpectedly This probably means no good. (SQLSTATE XX000)',
  );
  expect(isOfLostNode(answered('connection to the remote node a@b:1 failed', '08006'))).toBe(true);
  // The session itself is gone, which is told otherwise.
  expect(isOfLostNode(answered('terminating connection', '57P01', 'FATAL'))).toBe(false);
  expect(isOfLostNode(answered('relation "x" already exists', '42P07'))).toBe(false);
});
