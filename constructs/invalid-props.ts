import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import type { Violation } from '../config/azure/service-limits';
import { show } from '../config/text/text';

/** What a construct was given cannot work. The message names everything that is wrong, and the construct's path. */
export class InvalidPropsError extends Error {
  constructor(scope: IConstruct, problems: readonly string[]) {
    super(`${problems.join('; ')} [${scope.node.path}]`);
    this.name = 'InvalidPropsError';
  }
}

/** A violation as one clause: where it is among the props, and what is wrong. */
export function clause(violation: Violation, ...within: string[]): string {
  return `${[...within, ...violation.at].join('.')} ${violation.problem}`;
}

/** The clauses of one prop. A value that only Terraform knows is left to the service. */
export function propProblems<T>(
  name: string,
  value: T,
  check: (value: T) => readonly Violation[],
): readonly string[] {
  return Token.isUnresolved(value) ? [] : check(value).map((violation) => clause(violation, name));
}

/** As {@link propProblems}, for a prop that may be absent. */
export function optionalProblems<T>(
  name: string,
  value: T | undefined,
  check: (value: T) => readonly Violation[],
): readonly string[] {
  return value === undefined ? [] : propProblems(name, value, check);
}

/** JavaScript passes anything where TypeScript says boolean, and Terraform would take "false" for a word that is set. */
export function flagViolations(value: boolean): Violation[] {
  return typeof value === 'boolean' ? [] : [{ at: [], problem: `is ${show(value)}: it is true or false` }];
}

/** @throws InvalidPropsError when there is any problem */
export function requireValid(scope: IConstruct, problems: readonly string[]): void {
  if (problems.length > 0) throw new InvalidPropsError(scope, problems);
}

/** For value objects, which have no path: they are made before any construct. @throws Error when there is any problem */
export function refuse(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`${what}: ${problems.join('; ')}`);
}
