import { nodeCodeOf, ScaleoutError, sqlStateOf } from '../../scripts/lib/errors';

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
