import type { Finding } from '../../database/checks/findings';
import type { TablesStep } from '../../database/model/step';

/** What `tables plan` answers with. */
export interface TablesPlan {
  readonly formatVersion: 1;
  /** Hash of the database this plan was made for. */
  readonly observed: string;
  readonly steps: readonly TablesStep[];
  /** What a person should know of before a run, or has to allow. */
  readonly findings: readonly Finding[];
}
