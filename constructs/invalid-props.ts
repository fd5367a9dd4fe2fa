import type { IConstruct } from 'constructs';
import type { Violation } from '../config/service-limits';

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

/** @throws InvalidPropsError when there is any problem */
export function requireValid(scope: IConstruct, problems: readonly string[]): void {
  if (problems.length > 0) throw new InvalidPropsError(scope, problems);
}
