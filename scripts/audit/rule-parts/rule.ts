import { createHash } from 'node:crypto';
import { CLUSTERS, KEY_VAULT_SECRET, NO_CLUSTER } from '../stack/azurerm';
import { checkAt, constructPathAt } from '../stack/owner';
import { READABLE_SECRET } from '../stack/secret-places';
import { namesSecret, secretIn } from '../stack/secrets';
import type { Block, Json, Synthesized } from '../stack/synthesized';
import { pointer, resourcesOf } from '../stack/synthesized';

/** An `error` refuses the environment; a `warning` is for a person to weigh. */
export type Level = 'error' | 'warning';

/** What a rule may know beside the stack it judges. Facts come from the edge; a rule reads no clock and no file. */
export interface Facts {
  /** True where the stricter half of the rules applies. */
  readonly production: boolean;
  /** The day to judge against, `YYYY-MM-DD`. */
  readonly today: string;
  /** The other stacks of the same synthesis. */
  readonly others: readonly Synthesized[];
  /**
   * Environments that may be something else than production, by the policy that no environment changes.
   *
   * @default - each environment says it of itself
   */
  readonly notProduction?: readonly string[] | undefined;
}

/** One place that breaks a rule: what is wrong, the value, and the way out. */
export interface Problem {
  readonly constructPath: string;
  /** JSON pointer of the value, or of the block that lacks it. */
  readonly pointer: string;
  /**
   * What is wrong, told apart within the rule: short, and the same for ever, since waivers name it. Two problems that
   * one person would not accept for one reason have two ids.
   */
  readonly check: string;
  readonly message: string;
  /** Where this place is less grave than the rule. @default the rule's level */
  readonly level?: Level;
  /** What is wrong there, as a waiver repeats it: another value is waived by another one. @default - nothing is there */
  readonly value?: string;
}

export type Verdict = (
  | { readonly status: 'compliant' }
  | { readonly status: 'not-applicable'; readonly reason: string }
  | { readonly status: 'findings'; readonly problems: readonly Problem[] }
) & {
  /** What is worth knowing and asks for nothing. @default - nothing */
  readonly notes?: readonly Problem[];
};

export interface Rule {
  /** Stays for ever: reports and waivers name it. */
  readonly id: string;
  readonly level: Level;
  /** What must hold, in one sentence. */
  readonly property: string;
  /** What happens where it does not, in one sentence. */
  readonly why: string;
  /** What to do then, in one sentence. */
  readonly remedy: string;
  /**
   * What it serves: controls of the Microsoft cloud security benchmark (MCSB, v1), recommendations of the CIS Azure Foundations
   * Benchmark (2.0.0), and checks of scanners about the same thing elsewhere.
   */
  readonly controls: readonly string[];
  /**
   * Which of its checks are about what a cluster has, and not about what a stack does. While a stack takes over a cluster
   * that was there before, it repeats what is there: what these find is for the time after.
   *
   * @default - none
   */
  readonly hardening?: 'all' | readonly string[];
  /** Pure. Throwing is a finding, not a pass. */
  readonly check: (stack: Synthesized, facts: Facts) => Verdict;
}

/** Compliant where there is no problem. */
export function verdict(problems: readonly Problem[]): Verdict {
  return problems.length === 0 ? { status: 'compliant' } : { status: 'findings', problems };
}

/** A rule that has nothing to say of a stack, and why. */
export function notApplicable(reason: string): Verdict {
  return { status: 'not-applicable', reason };
}

/**
 * The verdict on the resources of one type or some.
 *
 * @param absent why the rule has nothing to say of a stack without any
 */
export function verdictOn(
  stack: Synthesized,
  types: string | readonly string[],
  absent: string,
  judge: (blocks: readonly Block[]) => readonly Problem[],
): Verdict {
  const blocks = resourcesOf(stack, ...[types].flat());
  return blocks.length === 0 ? notApplicable(absent) : verdict(judge(blocks));
}

/** The verdict on the clusters of a production environment. */
export function verdictInProduction(
  stack: Synthesized,
  { production }: Facts,
  judge: (clusters: readonly Block[]) => readonly Problem[],
): Verdict {
  const found = verdictOn(stack, CLUSTERS, NO_CLUSTER, production ? judge : () => []);
  return found.status === 'not-applicable' || production
    ? found
    : notApplicable('the environment is not production');
}

/** What is said of a problem where it does not follow from its argument and its rule. */
export interface ProblemOptions {
  readonly check?: string;
  readonly level?: Level;
  readonly value?: string;
}

/** A problem of one argument of a resource. Its check is the argument, where nothing else is said. */
export function problemAt(
  block: Block,
  argument: string,
  message: string,
  { check = argument, level, value = argumentText(block, argument) }: ProblemOptions = {},
): Problem {
  return {
    ...problemOf(block, check, message),
    pointer: block.pointer + (argument in block.body ? pointer(argument) : ''),
    value,
    ...(level === undefined ? {} : { level }),
  };
}

/** A problem of a resource as a whole, such as that nothing guards it. */
export function problemOf(block: Block, check: string, message: string): Problem {
  return { constructPath: block.constructPath, pointer: block.pointer, check, message };
}

/** A problem of a value anywhere in a stack, told apart by where it stands. */
export function problemIn(stack: Synthesized, at: string, check: string, message: string): Problem {
  return {
    constructPath: constructPathAt(stack, at),
    pointer: at,
    check: checkAt(check, stack, at),
    message,
  };
}

/** {@link valueText} of an argument; what a vault keeps is a secret by any name. */
function argumentText({ type, body }: Block, argument: string): string {
  const isSecret = type === KEY_VAULT_SECRET && argument === READABLE_SECRET;
  return isSecret ? NOT_SHOWN : valueText(argument, body[argument]);
}

const NOT_SHOWN = '(not shown)';

/** Longer values are told by their digest: a waiver repeats them, and nobody copies a page. */
const LONGEST_VALUE = 120;

/** A value as a waiver repeats it: its JSON, or its digest. What is a secret by its name is not told at all. */
export function valueText(name: string, value: Json | undefined): string {
  if (value === undefined || value === null) return 'not set';
  if (namesSecret(name)) return NOT_SHOWN;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (secretIn(text) !== undefined) return NOT_SHOWN;
  if (text.length <= LONGEST_VALUE) return text;
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
