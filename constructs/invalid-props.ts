import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import type { z } from 'zod';
import type { Violation } from '../config/file/violations';
import { valueAt, violationsOf } from '../config/file/violations';

/** What a construct was given cannot work. The message names everything that is wrong, and the construct's path. */
export class InvalidPropsError extends Error {
  constructor(scope: IConstruct, problems: readonly string[]) {
    super(`${problems.join('; ')} [${scope.node.path}]`);
    this.name = 'InvalidPropsError';
  }
}

/** The rule of the service for each prop: a type of config/azure, or a check of it. */
export type PropRules<Props> = {
  readonly [Name in keyof Props]?:
    z.ZodType | ((value: Exclude<Props[Name], undefined>) => readonly Violation[]);
};

/**
 * What is wrong with props, one clause each: the prop, the value and what is allowed. A prop that is absent, and a value
 * that only Terraform knows, is left to the service.
 *
 * @example
 * requireValid(this, propProblems(props, { clusterId, location, tags: tagViolations }));
 */
export function propProblems<Props extends object>(props: Props, rules: PropRules<Props>): string[] {
  return (Object.keys(rules) as (keyof Props & string)[]).flatMap((name) => {
    const { [name]: value } = props;
    const { [name]: rule } = rules;
    if (value === undefined || rule === undefined || Token.isUnresolved(value)) return [];
    const violations =
      typeof rule === 'function'
        ? rule(value as Exclude<Props[typeof name], undefined>)
        : violationsOf(rule, value);
    return violations
      .filter(({ at }) => !Token.isUnresolved(valueAt(value, at)))
      .map((violation) => clause(violation, name));
  });
}

/** A violation as one clause: where it is among the props, and what is wrong. */
export function clause({ at, problem }: Violation, ...within: string[]): string {
  return `${[...within, ...at].join('.')} ${problem}`;
}

/** What is wrong with names that only Terraform knows: construct ids, and so addresses, follow from them. */
export function unknownNames(names: readonly string[], where: (index: number) => string): string[] {
  return names.flatMap((name, index) =>
    Token.isUnresolved(name)
      ? [`${where(index)} is known to Terraform alone: write it out, since addresses follow from it`]
      : [],
  );
}

/** @throws InvalidPropsError when there is any problem */
export function requireValid(scope: IConstruct, problems: readonly string[]): void {
  if (problems.length > 0) throw new InvalidPropsError(scope, problems);
}

/** For value objects, which have no path: they are made before any construct. @throws Error when there is any problem */
export function refuse(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`${what}: ${problems.join('; ')}`);
}
