import { didYouMean } from '../../../config/text/text';
import type { ResourceChange } from './plan-json';
import type { ShownValue } from './values';
import { shownValue } from './values';

/**
 * `never` is what the service refuses, or what no one wants and everyone can avoid. `needs-yes` is a decision: it goes
 * ahead when its id is allowed. `note` is called out and stops nothing.
 */
export type Level = 'never' | 'needs-yes' | 'note';

/** What a guard says of a plan. */
export interface Finding {
  /**
   * `guard:name`, the name being the resource's own in Azure: `destroy-cluster:wwi-sensors-prod`. Whoever allows it
   * names what they are about to lose.
   */
  readonly id: string;
  readonly guard: string;
  readonly level: Level;
  /** Terraform's address. */
  readonly address: string;
  /** Where it comes from in the source: `dev/Cluster/Resource`. */
  readonly constructPath: string;
  /** The arguments it is about, secrets masked. */
  readonly values: readonly ShownValue[];
  /** What would happen, as a sentence without its end. */
  readonly why: string;
  /** What to do instead, as a sentence without its end. */
  readonly wayOut: string;
}

/** What a guard sees beside the change itself. */
export interface GuardContext {
  /** The construct of an address; of an address that the configuration does not have any more, the stack. */
  readonly constructPath: (address: string) => string;
  /** The reason that the config gives for a risk, by the prop that asked for it. */
  readonly statedReason: (address: string, prop: string) => string | undefined;
  /** Resource ids that the stack's own import blocks name, by address. */
  readonly imports: ReadonlyMap<string, string>;
  /** Whether the cluster was there before Terraform came, so that no plan has to create it. */
  readonly adopted: boolean;
  /** Variables of roles whose passwords Terraform ignores and nobody gave, by the address of the role. */
  readonly missingPasswords: ReadonlyMap<string, string>;
}

/** A guard's own part of a finding. */
export interface Verdict {
  readonly guard: string;
  readonly level: Level;
  readonly values: readonly ShownValue[];
  readonly why: string;
  readonly wayOut: string;
}

/** The finding that a verdict on a change makes. Pure. */
export function findingOf(change: ResourceChange, verdict: Verdict, context: GuardContext): Finding {
  const { guard, level, values, why, wayOut } = verdict;
  return {
    id: `${guard}:${nameOf(change)}`,
    guard,
    level,
    address: change.address,
    constructPath: context.constructPath(change.address),
    values,
    why,
    wayOut,
  };
}

/** What Azure calls the resource; Terraform's address where it has no name of its own. */
export function nameOf(change: ResourceChange): string {
  const { before, after } = shownValue(change, 'name');
  const name = change.before === null ? after : before;
  return typeof name === 'string' && !name.startsWith('(') ? name : change.address;
}

/** The findings of a plan, held against what somebody said yes to. */
export interface Judgement {
  readonly findings: readonly Finding[];
  /** Ids that were allowed and applied to a finding. */
  readonly allowed: readonly string[];
  /** What stops the plan. */
  readonly refused: readonly Finding[];
  /** Allowed ids that no finding has: a slip, or done already. */
  readonly idle: readonly string[];
}

/** Holds findings against allowances. Pure. What is `never` stays refused, whatever is allowed. */
export function judgeFindings(findings: readonly Finding[], allow: readonly string[]): Judgement {
  const allowed = (finding: Finding): boolean => finding.level === 'needs-yes' && allow.includes(finding.id);
  const known = findings.filter(({ level }) => level === 'needs-yes').map(({ id }) => id);
  return {
    findings,
    allowed: [...new Set(findings.filter(allowed).map(({ id }) => id))],
    refused: findings.filter((finding) => finding.level !== 'note' && !allowed(finding)),
    idle: [...new Set(allow)].filter((id) => !known.includes(id)),
  };
}

/** Why an allowance did nothing. */
export function describeIdle(id: string, { findings }: Judgement): string {
  const same = findings.find((finding) => finding.id === id);
  if (same?.level === 'never') return `${id} cannot be allowed`;
  const known = findings.filter(({ level }) => level === 'needs-yes').map((finding) => finding.id);
  return `nothing in this plan is called ${id}${didYouMean(id, known)}`;
}
