import { didYouMean, show } from '../../../config/text/text';
import type { Tool } from '../../lib/tool';
import type { Facts, Level, Problem, Rule } from '../rule-parts/rule';
import { isAdopting } from '../stack/imports';
import { isProduction } from '../stack/production';
import type { Synthesized } from '../stack/synthesized';
import type { Waiver } from './waivers';

/** {@link Level}; `after-adoption` refuses nothing while a stack takes over a cluster, and is of its own level after that. */
export type FindingLevel = Level | 'after-adoption';

/** A line that a person wrote, and changes to be rid of a finding. */
export interface SourceLine {
  /** As the reader would open it. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** What a report was made of, so that nobody takes it for one of something else. */
export interface Provenance {
  readonly tool: Tool;
  /** When it was made: ISO 8601 in UTC. */
  readonly madeAt: string;
  /** What was judged, by its path within the synthesis. SHA-256 in hex. */
  readonly files: readonly FileDigest[];
  /** What it was judged by; no files where a program handed it in. */
  readonly policy: { readonly sha256: string; readonly files: readonly FileDigest[] };
}

export interface FileDigest {
  readonly path: string;
  readonly sha256: string;
}

/** One place that breaks a rule. */
export interface Finding {
  readonly ruleId: string;
  /** Which of the rule's problems it is; see {@link Problem.check}. */
  readonly check: string;
  readonly level: FindingLevel;
  readonly environment: string;
  /** The construct in the source that wrote the place; the stack itself where no resource did. */
  readonly constructPath: string;
  /** JSON pointer into the environment's `cdk.tf.json`. */
  readonly pointer: string;
  readonly message: string;
  /** The line of YAML or TypeScript behind it; null where nobody looked, or none is found. */
  readonly source: SourceLine | null;
  /** What is wrong there, for a waiver to repeat. */
  readonly value: string;
  /** Set where somebody answers for the finding; it then refuses nothing. */
  readonly waiver: { readonly reason: string; readonly expires: string } | null;
}

/** What is worth knowing of a place, and asks for nothing. */
export type Note = Omit<Finding, 'level' | 'waiver' | 'value' | 'source'>;

/** How one rule ended for one environment: said for every pair, so that nothing passes by not being looked at. */
export interface RuleOutcome {
  readonly ruleId: string;
  readonly environment: string;
  readonly status: 'compliant' | 'not-applicable' | 'findings';
  readonly property: string;
  /** Why the rule does not apply, where it does not. */
  readonly reason?: string;
}

/** A waiver that waives nothing. */
export interface UnusedWaiver extends Waiver {
  /** The value of the finding that it would waive if it named that value. @default - there is no such finding */
  readonly found?: string;
}

/** What an audit answers with. */
export interface AuditDocument {
  readonly formatVersion: 1;
  /** @default - of a judgement that no command made */
  readonly provenance?: Provenance;
  /** The day judged against, `YYYY-MM-DD`. */
  readonly judgedOn: string;
  readonly environments: readonly string[];
  /** Those whose files are wrong, so that there was nothing to judge: each has findings that say what. */
  readonly unfinished: readonly string[];
  readonly findings: readonly Finding[];
  readonly notes: readonly Note[];
  readonly outcomes: readonly RuleOutcome[];
  /** Waivers that no finding needs any more, and those of a value that is another one by now. */
  readonly unusedWaivers: readonly UnusedWaiver[];
  /** What the policy says of environments that are not there, each a sentence without its end. */
  readonly policyRemarks: readonly string[];
  readonly counts: {
    /** Findings of the level that are not waived. */
    readonly error: number;
    readonly warning: number;
    readonly waived: number;
    readonly afterAdoption: number;
    /** Pairs of rule and environment. */
    readonly compliant: number;
    readonly notApplicable: number;
  };
}

export interface JudgeInput {
  readonly stacks: readonly Synthesized[];
  /** The one to judge; the others are then known, not judged. @default every stack */
  readonly environment?: string;
  /** Findings of environments that have no stack, as their files are wrong. @default - none */
  readonly unfinished?: readonly Finding[];
  readonly rules: readonly Rule[];
  readonly waivers: readonly Waiver[];
  /** Environments that may be something else than production. @default - each says it of itself */
  readonly notProduction?: readonly string[] | undefined;
  /** The day to judge against, `YYYY-MM-DD`. */
  readonly today: string;
}

/** Holds stacks against rules. Pure: the same input gives the same document. */
export function judge({
  stacks,
  environment,
  unfinished = [],
  rules,
  waivers,
  notProduction,
  today,
}: JudgeInput): AuditDocument {
  const judged = stacks.filter((stack) => environment === undefined || stack.environment === environment);
  const results = judged.flatMap((stack) => {
    const facts: Facts = {
      production: isProduction(stack) || notProduction?.includes(stack.environment) === false,
      today,
      notProduction,
      others: stacks.filter((other) => other !== stack),
    };
    return rules.map((rule) => judgeRule(rule, stack, facts, waivers));
  });
  const judgements = results.flatMap((result) => result.judgements);
  const findings = [...unfinished, ...judgements.map(({ finding }) => finding)];
  const outcomes = results.map((result) => result.outcome);
  const open = findings.filter((finding) => finding.waiver === null);
  return {
    formatVersion: 1,
    judgedOn: today,
    environments: judged.map((stack) => stack.environment),
    unfinished: [...new Set(unfinished.map((finding) => finding.environment))],
    findings,
    notes: results.flatMap((result) => result.notes),
    outcomes,
    unusedWaivers: unused(waivers, judged, stacks, judgements),
    policyRemarks: strangersOf(notProduction, [
      ...stacks.map((stack) => stack.environment),
      ...unfinished.map((finding) => finding.environment),
    ]),
    counts: {
      error: open.filter((finding) => finding.level === 'error').length,
      warning: open.filter((finding) => finding.level === 'warning').length,
      waived: findings.length - open.length,
      afterAdoption: open.filter((finding) => finding.level === 'after-adoption').length,
      compliant: outcomes.filter((outcome) => outcome.status === 'compliant').length,
      notApplicable: outcomes.filter((outcome) => outcome.status === 'not-applicable').length,
    },
  };
}

function judgeRule(
  rule: Rule,
  stack: Synthesized,
  facts: Facts,
  waivers: readonly Waiver[],
): {
  readonly outcome: RuleOutcome;
  readonly judgements: readonly Judgement[];
  readonly notes: readonly Note[];
} {
  const verdict = check(rule, stack, facts);
  const problems = verdict.status === 'findings' ? verdict.problems : [];
  return {
    outcome: {
      ruleId: rule.id,
      environment: stack.environment,
      status: verdict.status,
      property: rule.property,
      ...(verdict.status === 'not-applicable' ? { reason: verdict.reason } : {}),
    },
    judgements: problems.map((problem) => toFinding(rule, stack, problem, facts.today, waivers)),
    notes: (verdict.notes ?? []).map((note) => place(rule, stack, note)),
  };
}

const UNJUDGED = 'unjudged';
/** Of what is missing, or wrong as a whole. */
const NO_VALUE = 'none';

/** A rule that cannot judge has not passed. */
function check(rule: Rule, stack: Synthesized, facts: Facts): ReturnType<Rule['check']> {
  try {
    return rule.check(stack, facts);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the rule could not judge this stack (${why}), which counts as a violation: look at the stack by hand, and mend the rule`;
    return {
      status: 'findings',
      problems: [{ constructPath: stack.environment, pointer: '', check: UNJUDGED, level: 'error', message }],
    };
  }
}

interface Judgement {
  readonly finding: Finding;
  /** Its level once nothing is taken over any more: what waivers name. */
  readonly ownLevel: Level;
}

function toFinding(
  rule: Rule,
  stack: Synthesized,
  problem: Problem,
  today: string,
  waivers: readonly Waiver[],
): Judgement {
  const ownLevel = problem.level ?? rule.level;
  const finding: Finding = {
    ...place(rule, stack, problem),
    source: null,
    value: problem.value ?? NO_VALUE,
    level: isForLater(rule, problem, stack) ? 'after-adoption' : ownLevel,
    waiver: null,
  };
  return { finding: waived(finding, problem, today, waivers), ownLevel };
}

function place(rule: Rule, { environment }: Synthesized, problem: Problem): Note {
  return {
    ruleId: rule.id,
    check: problem.check,
    environment,
    constructPath: problem.constructPath,
    pointer: problem.pointer,
    message: problem.message,
  };
}

/** A rule that could not judge has found out nothing about the cluster, so that is for now. */
function isForLater({ hardening = [] }: Rule, { check }: Problem, stack: Synthesized): boolean {
  const isHardening = hardening === 'all' ? check !== UNJUDGED : hardening.includes(check);
  return isHardening && isAdopting(stack);
}

function waived(finding: Finding, problem: Problem, today: string, waivers: readonly Waiver[]): Finding {
  const waiver = waivers.find((candidate) => covers(candidate, finding));
  if (waiver === undefined) {
    const other = waivers.find((candidate) => concernsPlace(candidate, finding));
    if (other === undefined) return finding;
    const why = `its waiver is of the value ${other.value}, and this is ${finding.value}`;
    return { ...finding, message: `${problem.message} (${why})` };
  }
  const { reason, expires } = waiver;
  if (expires < today) {
    return { ...finding, message: `${problem.message} (its waiver expired on ${expires})` };
  }
  const last = aYearAfter(today);
  if (expires > last) {
    const why = `its waiver runs until ${expires} and is not taken: the last day is ${last} at most`;
    return { ...finding, message: `${problem.message} (${why})` };
  }
  return { ...finding, waiver: { reason, expires } };
}

/** Level and value are part of it: who accepted a warning, or 300 addresses, has not accepted what it grows into. */
function covers(waiver: Waiver, finding: Finding): boolean {
  return concernsPlace(waiver, finding) && waiver.value === finding.value;
}

/** True for the same finding of any value. */
function concernsPlace(waiver: Waiver, finding: Finding): boolean {
  return (
    waiver.rule === finding.ruleId &&
    waiver.check === finding.check &&
    waiver.level === finding.level &&
    waiver.constructPath === finding.constructPath
  );
}

/** The waivers that waive nothing of what was judged, with the value there is where that alone is another one. */
function unused(
  waivers: readonly Waiver[],
  judged: readonly Synthesized[],
  stacks: readonly Synthesized[],
  judgements: readonly Judgement[],
): readonly UnusedWaiver[] {
  const found = judgements.map(({ finding, ownLevel }) => ({ ...finding, level: ownLevel }));
  return waivers
    .filter((waiver) => concerns(waiver, judged, stacks) && !found.some((each) => covers(waiver, each)))
    .map((waiver) => {
      const other = found.find((each) => concernsPlace(waiver, each));
      return other === undefined ? waiver : { ...waiver, found: other.value };
    });
}

/** A name of the policy that is no environment frees nothing, and may be a slip. */
function strangersOf(
  notProduction: readonly string[] | undefined,
  names: readonly string[],
): readonly string[] {
  return (notProduction ?? [])
    .filter((name) => !names.includes(name))
    .map(
      (name) =>
        `the policy lists ${show(name)} under notProduction, and there is no such environment${didYouMean(name, names)}: correct the name, or take it out`,
    );
}

/** True where this audit can tell whether a waiver is needed: its environment is judged, or is in no stack at all. */
function concerns(waiver: Waiver, judged: readonly Synthesized[], stacks: readonly Synthesized[]): boolean {
  const environment = waiver.constructPath.split('/')[0];
  const names = (among: readonly Synthesized[]): boolean =>
    among.some((stack) => stack.environment === environment);
  return names(judged) || !names(stacks);
}

/** The same day of the next year; the 29th of February ends on the 28th. */
function aYearAfter(day: string): string {
  const next = `${String(Number(day.slice(0, 4)) + 1)}${day.slice(4)}`;
  return next.endsWith('-02-29') ? next.replace(/29$/, '28') : next;
}
