import { resolve } from 'node:path';
import type { Operation, Parameter, Specification } from '../../support/openapi';
import { differences, jsonOf, parameterOf } from '../../support/openapi';

export const GOOD_PASSWORD = 'Rehearsal-only-7';

/** One request of a published file. */
export interface Replay {
  readonly title: string;
  readonly method: string;
  /** Its address as the file has it. */
  readonly pattern: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly operation: Operation;
}

/** A published file, read. */
export interface Book {
  readonly file: string;
  readonly paths: Specification['paths'];
  /** Every example request of the operations that are answered, with a password that the service takes. */
  readonly replays: readonly Replay[];
  /** A request of each operation that is not answered, with no body. */
  readonly notAnswered: readonly Replay[];
  /**
   * Words and members that answers in the examples have and the file's lists of them have not, as {@link differences} says
   * it: what the service answers itself is right.
   */
  readonly beyond: ReadonlySet<string>;
}

export interface BookOptions {
  /** Operations by their ids. */
  readonly notAnswered: readonly string[];
  /** Parts of addresses where those of the examples are not there, by their names in the file. */
  readonly names?: Readonly<Record<string, string>>;
}

export const EMPTY_BOOK: Book = { file: '', paths: {}, replays: [], notAnswered: [], beyond: new Set() };

interface Example {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly responses?: Readonly<Record<string, { readonly body?: unknown }>>;
}

export function bookOf(file: string, { notAnswered, names = {} }: BookOptions): Book {
  const { paths } = jsonOf(file) as Specification;
  const operations = Object.entries(paths).flatMap(([pattern, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      title: operation.operationId,
      method: method.toUpperCase(),
      pattern,
      path: addressOf(pattern, names),
      body: undefined,
      operation,
    })),
  );
  const isAnswered = ({ title }: Replay): boolean => !notAnswered.includes(title);
  const examples = operations.filter(isAnswered).flatMap((replay) =>
    Object.entries(replay.operation['x-ms-examples'] ?? {}).map(([name, { $ref }]) => ({
      replay: { ...replay, title: `${replay.title}: ${name}` },
      example: jsonOf(resolve(file, '..', $ref)) as Example,
    })),
  );
  return {
    file,
    paths,
    replays: examples.map(({ replay, example: { parameters } }) => ({
      ...replay,
      path: addressOf(replay.pattern, { ...parameters, ...names }),
      body: bodyOf(file, replay.operation, parameters),
    })),
    notAnswered: operations.filter((replay) => !isAnswered(replay)),
    beyond: new Set(
      examples.flatMap(({ replay, example }) => beyondFile(file, replay.operation, example)).map(withinItem),
    ),
  };
}

function beyondFile(file: string, { responses }: Operation, example: Example): string[] {
  return Object.entries(example.responses ?? {})
    .flatMap(([status, { body = null }]) => differences(body, responses[status]?.schema ?? {}, file))
    .filter((difference) => /, and none of | is unknown$/.test(difference));
}

/** A difference without the item of a list that it is in: items are what is read by itself as well. */
export function withinItem(difference: string): string {
  return difference.replace(/^\.value\[\d+\]/, '');
}

function addressOf(pattern: string, names: Readonly<Record<string, unknown>>): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    // Some of the examples have their cluster under a name of before.
    const value = names[name] ?? (name === 'clusterName' ? names['serverGroupName'] : undefined);
    return typeof value === 'string' ? value : 'example';
  });
}

function bodyOf(file: string, operation: Operation, given: Example['parameters']): Replay['body'] {
  const body = given[bodyParameter(file, operation)?.name ?? ''];
  if (body === undefined) return undefined;
  const text = JSON.stringify(body).replace(/("\w*[pP]assword":)"[^"]*"/g, `$1"${GOOD_PASSWORD}"`);
  return JSON.parse(text) as Replay['body'];
}

/** What an operation takes as a body. */
export function bodyParameter(file: string, { parameters = [] }: Operation): Parameter | undefined {
  return parameters.map((each) => parameterOf(each, file)).find((each) => each.in === 'body');
}

const NAMES = ['1', '-x1', 'x1-', '_x1', 'x.1x', 'x!1', 'x 1', 'X1x', '123', 'x'.repeat(300)];

/** Names that the file refuses for what a request makes. */
export function namesRefused(file: string, { pattern, operation }: Replay): string[] {
  const wanted = /\{(\w+)\}$/.exec(pattern)?.[1];
  const { parameters = [] } = operation;
  const parameter = parameters.map((each) => parameterOf(each, file)).find(({ name }) => name === wanted);
  const { pattern: form = '', minLength = 0, maxLength = Infinity } = parameter ?? {};
  const tooLong = maxLength === Infinity ? [] : ['x'.repeat(maxLength + 1)];
  return [...NAMES, ...tooLong].filter(
    (name) => !new RegExp(form).test(name) || name.length < minLength || name.length > maxLength,
  );
}
