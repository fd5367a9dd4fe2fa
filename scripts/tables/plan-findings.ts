import { distinct } from '../database/checks/findings';
import type { Finding } from '../database/checks/findings';
import type { Outlook } from './outlook';
import type { TablesStep } from './step';

/** What the steps of a plan do that a person should know of before they run, or has to allow. Pure. */
export function findingsOf(outlook: Outlook, steps: readonly TablesStep[]): Finding[] {
  // Of a plan that does nothing there is nothing to know.
  if (steps.length === 0) return [];
  const sources: readonly ((outlook: Outlook, steps: readonly TablesStep[]) => readonly Finding[])[] = [];
  return distinct(sources.flatMap((source) => source(outlook, steps)));
}
