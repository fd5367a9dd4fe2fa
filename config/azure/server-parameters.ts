import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Violation } from '../file/violations';
import { allOf, didYouMean, oneOf, show } from '../text/text';

const parameter = z
  .discriminatedUnion('type', [
    /** `on` or `off`. */
    z.object({ type: z.literal('flag') }),
    /** Without `to` there is no largest value; `unit` is what values are counted in. */
    z.object({
      type: z.enum(['integer', 'number']),
      from: z.number(),
      to: z.number().default(Infinity),
      unit: z.string().optional(),
    }),
    z.object({ type: z.literal('choice'), values: z.array(z.string()) }),
    /** Choices of which several stand in a list with commas. Azure takes no minus sign here, unlike pgAudit. */
    z.object({ type: z.literal('list'), values: z.array(z.string()) }),
    /** Of text that is a list with commas, some words may be `refused`: extensions that the service does not have. */
    z.object({ type: z.literal('text'), refused: z.array(z.string()).default([]) }),
  ])
  .and(
    z.object({
      /** PostgreSQL reads it when it starts. */
      restart: z.boolean().default(false),
      /** Workers do not have it: PgBouncer runs nowhere else. */
      coordinatorAlone: z.boolean().default(false),
      /** The last major version of PostgreSQL that has it. */
      lastVersion: z.int().optional(),
    }),
  );

export type ServerParameter = z.output<typeof parameter>;

/**
 * The server parameters that Azure Cosmos DB for PostgreSQL offers, and those that people look for or find in old
 * articles, with why they are not there. A name that the service does not have ends an apply with "there is no
 * configuration with name" after all before it was changed. Names: Azure's parameter reference and its page on pgAudit,
 * without what PostgreSQL 14 and Citus 12.1 no longer have, and with the parameters of Citus that distributing and
 * rebalancing tables reads. Ranges and choices: PostgreSQL 15 and Citus 12.1 themselves; the service may allow less.
 */
export const SERVER_PARAMETERS = readList('server-parameter-list.json');

/**
 * The same for elastic clusters. Names, ranges and choices: PostgreSQL 17 and Citus 13.2 themselves, without what is the
 * service's to set, and what Azure adds (its parameter reference for PostgreSQL 17); the service may allow less. What is
 * not there is for nobody but the service, or missing: whoever finds it in Azure's list adds it.
 */
export function elasticServerParameters(): ParameterList {
  elastic ??= readList('elastic-parameter-list.json');
  return elastic;
}

let elastic: ParameterList | undefined;

export interface ParameterList {
  /** Relative to the project, as messages name it. */
  readonly file: string;
  readonly offered: ReadonlyMap<string, ServerParameter>;
  /** Why a parameter is not there. */
  readonly notOffered: ReadonlyMap<string, string>;
}

function readList(leaf: string): ParameterList {
  const read = z
    .object({
      offered: z.record(z.string(), parameter).transform((named) => new Map(Object.entries(named))),
      notOffered: z.record(z.string(), z.string()).transform((named) => new Map(Object.entries(named))),
    })
    .parse(JSON.parse(readFileSync(path.join(__dirname, leaf), 'utf8')));
  return { file: `config/azure/${leaf}`, ...read };
}

/** Which nodes a parameter is set on: the coordinator, also where it is alone, or all workers alike. */
export type ParametersOf = 'coordinator' | 'workers';

/**
 * What is wrong with parameters and their values; `at` is the parameter. Values are written as the service gives them
 * back, since any other spelling of the same value would be a change in every plan.
 *
 * @param postgresVersion major version; parameters of any version pass without one
 * @param isUnknown whether a value is known later only, and so left to the service
 */
export function parameterViolations(
  parameters: Readonly<Record<string, string>>,
  kind: ParametersOf,
  postgresVersion?: number,
  isUnknown: (value: unknown) => boolean = () => false,
): Violation[] {
  return violationsIn(SERVER_PARAMETERS, parameters, isUnknown, (known) =>
    placeProblem(known, kind, postgresVersion),
  );
}

/** The same for the one list of an elastic cluster, which is for all of its nodes. */
export function elasticParameterViolations(
  parameters: Readonly<Record<string, string>>,
  isUnknown: (value: unknown) => boolean = () => false,
): Violation[] {
  return violationsIn(elasticServerParameters(), parameters, isUnknown, () => undefined);
}

/** Those of the names that take effect after a restart alone. */
export function parametersNeedingRestart(
  names: readonly string[],
  { offered }: ParameterList = SERVER_PARAMETERS,
): string[] {
  return names.filter((name) => offered.get(name)?.restart);
}

function violationsIn(
  list: ParameterList,
  parameters: Readonly<Record<string, string>>,
  isUnknown: (value: unknown) => boolean,
  placeOf: (known: ServerParameter) => string | undefined,
): Violation[] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    const known = list.offered.get(name);
    const problem =
      known === undefined
        ? (list.notOffered.get(name) ?? unknownProblem(name, list))
        : (placeOf(known) ?? (isUnknown(value) ? undefined : valueProblem(known, value)));
    return problem === undefined ? [] : [{ at: [name === '' ? show(name) : name], problem }];
  });
}

function unknownProblem(name: string, { offered, notOffered, file }: ParameterList): string {
  // Those that are not offered too: the next answer then says why.
  const hint = didYouMean(name, [...offered.keys(), ...notOffered.keys()]);
  return `is no parameter the service is known to offer${hint}: choose one of ${file}, or add to it what Azure lists`;
}

function placeProblem(
  { coordinatorAlone, lastVersion }: ServerParameter,
  kind: ParametersOf,
  version: number | undefined,
): string | undefined {
  if (kind === 'workers' && coordinatorAlone) {
    return 'is a parameter of the coordinator alone: move it there';
  }
  if (lastVersion === undefined || version === undefined || version <= lastVersion) return undefined;
  return `is not there in PostgreSQL ${version}, and was last in ${lastVersion}: remove it`;
}

function valueProblem(known: ServerParameter, value: string): string | undefined {
  const { fits, said } = expectation(known);
  return fits(value) ? undefined : `is ${show(value)}: it must be ${said}`;
}

/** What a value of a parameter looks like, and how a sentence says so. */
interface Expectation {
  readonly said: string;
  readonly fits: (value: string) => boolean;
}

function expectation(known: ServerParameter): Expectation {
  switch (known.type) {
    case 'integer':
      return number('a whole number', /^(?:0|-?[1-9]\d*)$/, known);
    case 'number':
      return number('a number', /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/, known);
    case 'flag':
      return choice(['on', 'off']);
    case 'choice':
      return choice(known.values);
    case 'list':
      return {
        said: `a list with commas of ${allOf(known.values)}`,
        fits: (value) => value.split(',').every((each) => known.values.includes(each.trim())),
      };
    case 'text': {
      const isText = (value: string): boolean => value.trim() !== '' && !/\p{Cc}/u.test(value);
      const isRefused = (word: string): boolean => known.refused.includes(word.trim().toLowerCase());
      const without =
        known.refused.length === 0
          ? ''
          : `, without ${oneOf(known.refused)}, which the service does not have`;
      return {
        said: `one line of text that is not empty${without}; leave the parameter out for the service to choose`,
        fits: (value) => isText(value) && !value.split(',').some(isRefused),
      };
    }
  }
}

function choice(values: readonly string[]): Expectation {
  return { said: oneOf(values.map(show)), fits: (value) => values.includes(value) };
}

function number(
  kind: string,
  format: RegExp,
  { from, to, unit }: { readonly from: number; readonly to: number; readonly unit?: string | undefined },
): Expectation {
  const range = to === Infinity ? `of ${from} or more` : `from ${from} to ${to}`;
  return {
    said: `${kind} ${unit === undefined ? '' : `of ${unit} `}${range}, as text without a unit`,
    fits: (value) => format.test(value) && Number(value) >= from && Number(value) <= to,
  };
}
