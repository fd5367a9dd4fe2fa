import {
  CHOICES,
  COORDINATOR_ALONE,
  DECIMALS,
  FLAGS,
  INTEGERS,
  LAST_VERSION,
  LISTS,
  NOT_OFFERED,
  READ_AT_START,
  TEXTS,
} from './server-parameter-list';
import type { Violation } from '../file/violations';
import { allOf, didYouMean, oneOf, show } from '../text/text';

/** Which nodes a parameter is set on: the coordinator, also where it is alone, or all workers alike. */
export type ParametersOf = 'coordinator' | 'workers';

const NAMES: ReadonlySet<string> = new Set([
  ...FLAGS,
  ...Object.keys({ ...INTEGERS, ...DECIMALS, ...CHOICES, ...LISTS }),
  ...TEXTS,
]);

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
  return Object.entries(parameters).flatMap(([name, value]) => {
    const problem =
      nameProblem(name, kind, postgresVersion) ?? (isUnknown(value) ? undefined : valueProblem(name, value));
    return problem === undefined ? [] : [{ at: [name === '' ? show(name) : name], problem }];
  });
}

/** Those of the names that take effect after a restart alone. */
export function parametersNeedingRestart(names: readonly string[]): string[] {
  return names.filter((name) => READ_AT_START.includes(name));
}

function nameProblem(name: string, kind: ParametersOf, version: number | undefined): string | undefined {
  const why = Object.hasOwn(NOT_OFFERED, name) ? NOT_OFFERED[name] : undefined;
  if (why !== undefined) return why;
  if (!NAMES.has(name)) {
    // Those that are not offered too: the next answer then says why.
    const hint = didYouMean(name, [...NAMES, ...Object.keys(NOT_OFFERED)]);
    return `is no parameter the service is known to offer${hint}: choose one of config/azure/server-parameter-list.ts, or add to it what Azure lists`;
  }
  if (kind === 'workers' && COORDINATOR_ALONE.some((start) => name.startsWith(start))) {
    return 'is a parameter of the coordinator alone: move it there';
  }
  const last = Object.hasOwn(LAST_VERSION, name) ? LAST_VERSION[name] : undefined;
  if (last === undefined || version === undefined || version <= last) return undefined;
  return `is not there in PostgreSQL ${version}, and was last in ${last}: remove it`;
}

function valueProblem(name: string, value: string): string | undefined {
  const expected = expectation(name);
  return expected.fits(value) ? undefined : `is ${show(value)}: it must be ${expected.said}`;
}

/** What a value of a parameter looks like, and how a sentence says so. */
interface Expectation {
  readonly said: string;
  readonly fits: (value: string) => boolean;
}

function expectation(name: string): Expectation {
  const integer = INTEGERS[name];
  if (integer !== undefined) return number('a whole number', /^(?:0|-?[1-9]\d*)$/, ...integer);
  const decimal = DECIMALS[name];
  if (decimal !== undefined) return number('a number', /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/, ...decimal);
  const choices = FLAGS.includes(name) ? ['on', 'off'] : CHOICES[name];
  if (choices !== undefined) {
    return { said: oneOf(choices.map(show)), fits: (value) => choices.includes(value) };
  }
  const several = LISTS[name];
  if (several !== undefined) {
    return {
      said: `a list with commas of ${allOf(several)}`,
      fits: (value) => value.split(',').every((each) => several.includes(each.trim())),
    };
  }
  return {
    said: 'one line of text that is not empty; leave the parameter out for the service to choose',
    fits: (value) => value.trim() !== '' && !/\p{Cc}/u.test(value),
  };
}

function number(kind: string, format: RegExp, from: number, to: number, unit?: string): Expectation {
  const range = to === Infinity ? `of ${from} or more` : `from ${from} to ${to}`;
  return {
    said: `${kind} ${unit === undefined ? '' : `of ${unit} `}${range}, as text without a unit`,
    fits: (value) => format.test(value) && Number(value) >= from && Number(value) <= to,
  };
}
