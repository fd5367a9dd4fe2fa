import { PassThrough, Readable } from 'node:stream';
import type { Io } from '../../scripts/cli/io';
import { contextFor, exitStatus, printResult } from '../../scripts/cli/io';

function io(stdin: Io['stdin'] = Readable.from([])) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  return { stdout, stderr, stdin, environment: {}, signal: new AbortController().signal };
}

const written = (stream: PassThrough): string => String(stream.read() ?? '');

it.each([
  ['done', 0, 0],
  ['changes', 0, 2],
  ['failed', 1, 1],
  ['refused', 3, 3],
] as const)('%s ends with %i, and with %i under --detailed-exitcode', (outcome, plain, detailed) => {
  expect(exitStatus(outcome, { detailedExitcode: false })).toBe(plain);
  expect(exitStatus(outcome, { detailedExitcode: true })).toBe(detailed);
});

describe('a result', () => {
  const result = {
    document: { formatVersion: 1 },
    text: 'Two steps.',
    verdict: 'Refused.',
    outcome: 'refused',
  } as const;

  it('is text with its verdict below', async () => {
    const streams = io();
    await printResult(streams, result, { json: false });
    expect(written(streams.stdout)).toBe('Two steps.\n\nRefused.\n');
    expect(written(streams.stderr)).toBe('');
  });

  it('is a document on stdout with its verdict on stderr', async () => {
    const streams = io();
    await printResult(streams, result, { json: true });
    expect(written(streams.stdout)).toBe('{\n  "formatVersion": 1\n}\n');
    expect(written(streams.stderr)).toBe('Refused.\n');
  });
});

describe('a question', () => {
  it('is answered by --yes', async () => {
    await expect(contextFor(io(), { yes: true }).confirm('Go on?')).resolves.toBe(true);
  });

  it('is an error without a terminal', async () => {
    await expect(contextFor(io(), { yes: false }).confirm('Go on?')).rejects.toThrow(
      '"Go on?" needs an answer and there is no terminal to ask: add --yes; nothing was changed',
    );
  });

  it.each([
    ['yes', true],
    ['Y', true],
    ['', false],
    ['no', false],
  ])('is answered %j at a terminal', async (typed, agreed) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const streams = io(stdin);
    const answer = contextFor(streams, { yes: false }).confirm('Go on?');
    stdin.write(`${typed}\n`);
    await expect(answer).resolves.toBe(agreed);
    expect(written(streams.stderr)).toContain('Go on? [y/N] ');
  });
});
