import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../config/file/config-error';
import { ERRORS } from '../../scripts/lib/error-codes';
import { errorDocument, refused, ScaleoutError } from '../../scripts/lib/errors';

const SCRIPTS = path.resolve(__dirname, '../../scripts');
const sources = readdirSync(SCRIPTS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('error-codes.ts'))
  .map((name) => readFileSync(path.join(SCRIPTS, name), 'utf8'))
  .join('\n');

test.each(Object.keys(ERRORS))('%s is met somewhere, and says what to do', (code) => {
  expect(sources).toContain(`'${code}'`);
  const { meaning, hint } = ERRORS[code as keyof typeof ERRORS];
  expect(meaning).toMatch(/^[A-Z].*[.]$/);
  expect(hint).toMatch(/^[A-Z].*[.]$/);
});

describe('the document of an error', () => {
  test('holds the code, and what to do where the error says nothing of its own', () => {
    const { hint } = ERRORS['cluster.busy'];
    expect(errorDocument(new ScaleoutError('cluster.busy', 'another run'))).toEqual({
      formatVersion: 1,
      error: { code: 'cluster.busy', message: 'another run', details: {}, hint },
    });
    const own = refused('cluster.busy', 'another run', { details: { pid: 7 }, hint: 'End it.' });
    expect(errorDocument(own).error).toMatchObject({ details: { pid: 7 }, hint: 'End it.' });
  });

  test('lists the issues of files', () => {
    const issues = [
      { code: 'config.wrong-value', file: 'dev.yaml', line: 3, path: 'cluster.nodes', problem: 'is 0' },
    ] as const;
    expect(errorDocument(new ConfigError(issues)).error).toMatchObject({
      code: 'config.invalid',
      details: { issues },
    });
  });

  test('has the SQLSTATE of what the server said', () => {
    const error = Object.assign(new Error('no'), { severity: 'ERROR', code: '42501' });
    expect(errorDocument(error).error).toMatchObject({
      code: 'database.error',
      details: { sqlState: '42501' },
    });
  });

  test('calls what is not foreseen a bug', () => {
    expect(errorDocument(new TypeError('x of undefined')).error.code).toBe('internal.unexpected');
  });
});
