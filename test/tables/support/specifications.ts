import type { Distribution, ExpectedTable } from '../../../config/distribution-types';
import { findFaults } from '../../../scripts/tables/faults';
import type { LiveDatabase, LiveTable } from '../../../scripts/tables/live';
import { Outlook } from '../../../scripts/tables/outlook';
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
