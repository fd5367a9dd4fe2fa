import type { Distribution, ExpectedTable } from '../../../config/workload/distribution-types';
import { findPreconditionFailures } from '../../../scripts/database/checks/preconditions';
import type { LiveDatabase, LiveTable } from '../../../scripts/database/model/live';
import { TargetState } from '../../../scripts/database/target/target-state';
import { distribution, liveDatabase, named } from './catalog';

/** Specifications of a few tables, and what a database contradicts of them. */

export const spec = (...tables: ExpectedTable[]): Distribution => distribution({ tables });

export const byId = (name: string, more: object = {}): ExpectedTable => ({
  kind: 'distributed',
  table: named(name),
  distributeBy: 'id',
  ...more,
});

export const whole = (name: string): ExpectedTable => ({ kind: 'reference', table: named(name) });

export const faultsOf = (expected: Distribution, live: LiveDatabase): string[] =>
  findPreconditionFailures(new TargetState(expected, live));

export const faultsAmong = (expected: Distribution, ...tables: LiveTable[]): string[] =>
  faultsOf(expected, liveDatabase(tables));
