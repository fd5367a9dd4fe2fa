import type { Violation } from './service-limits';

/** Which nodes a parameter is set on. */
export type ParametersOf = 'coordinator' | 'workers';

export function parameterViolations(
  parameters: Readonly<Record<string, string>>,
  kind: ParametersOf,
  postgresVersion?: number,
  isUnknown: (value: unknown) => boolean = () => false,
): Violation[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    value !== '' || isUnknown(value) || postgresVersion === 0
      ? []
      : [{ at: [name], problem: `is empty on the ${kind}: remove it` }],
  );
}

/** Those of the names that take effect after a restart alone. */
export function parametersNeedingRestart(names: readonly string[]): string[] {
  return names.filter((name) => name === 'shared_preload_libraries');
}
