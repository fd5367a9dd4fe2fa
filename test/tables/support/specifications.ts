import type { Distribution, ExpectedTable } from '../../../config/workload/distribution-types';
import { findFaults } from '../../../scripts/database/checks/faults';
import type { LiveDatabase, LiveTable } from '../../../scripts/database/model/live';
import { Outlook } from '../../../scripts/database/target/outlook';
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
  findFaults(new Outlook(expected, live));

export const faultsAmong = (expected: Distribution, ...tables: LiveTable[]): string[] =>
  faultsOf(expected, liveDatabase(tables));
