import { isIPv4 } from 'node:net';
import { ADDRESSES_MOST, isPublicAddress } from './public-addresses';
import type { Violation } from '../file/violations';
import { show } from '../text/text';

/** Lets the addresses `from` to `to` (IPv4, both included) reach the coordinator. */
export interface FirewallRule {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** The service takes one rule after the other, minutes in all, and an auditor reads each. */
export const FIREWALL_RULES_MOST = 10;

/** What the name of a rule may be, and how a sentence says so. */
export interface RuleNames {
  readonly pattern: RegExp;
  readonly said: string;
}

const COSMOS_RULE_NAMES: RuleNames = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]*[a-zA-Z0-9_]$/,
  said: "a rule's name has two characters or more, letters, digits, _, . and -, and starts with a letter or digit",
};

export const ELASTIC_RULE_NAMES: RuleNames = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,79}(?<!-)$/,
  said: "a rule's name has 1 to 80 characters, letters, digits, _ and -, starts with a letter or digit and does not end with -",
};

/** The rule that stands for Azure itself; the name of no other rule. */
export const AZURE_SERVICES_RULE = 'allow-azure-services';

/** Azure reads this range as every address of Azure, of any tenant, and of nobody else. */
export const AZURE_SERVICES_ADDRESS = '0.0.0.0';

/**
 * What is wrong with a list of rules; `at` starts with the rule's index.
 *
 * @param besidesAzure whether all of Azure is let in as well, which takes one of the rules
 * @param names what the service lets a rule be called
 */
export function firewallViolations(
  rules: readonly FirewallRule[],
  besidesAzure = false,
  names: RuleNames = COSMOS_RULE_NAMES,
): Violation[] {
  const violations: Violation[] = [];
  const most = FIREWALL_RULES_MOST - (besidesAzure ? 1 : 0);
  if (rules.length === 0 && !besidesAzure) {
    violations.push({
      at: [],
      problem:
        'lists no range, and nobody could connect: add the addresses that may, as in { name: office, from: 203.0.113.8, to: 203.0.113.15 }',
    });
  }
  if (rules.length > most) {
    const why = besidesAzure ? ' beside all of Azure' : '';
    violations.push({
      at: [],
      problem: `lists ${rules.length} ranges, and ${most} is the most${why}: merge neighbours, or use private access`,
    });
  }
  const sizes = rules.map(sizeOf).filter((size) => size >= 1);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // A range that is too wide alone is told at its own place.
  if (total > ADDRESSES_MOST && sizes.every((size) => size <= ADDRESSES_MOST)) {
    violations.push({
      at: [],
      problem: `lets in ${total} addresses in all, and ${ADDRESSES_MOST} is the most: name the ranges you really use, or use private access`,
    });
  }
  const taken = new Set<string>();
  rules.forEach((rule, index) => {
    const at = (field: string, problem: string): void => {
      violations.push({ at: [index, field], problem });
    };
    for (const [field, problem] of ruleViolations(rule, names)) at(field, problem);
    // Azure compares resource names without regard to case.
    const key = rule.name.toLowerCase();
    if (taken.has(key)) at('name', `is ${show(rule.name)}, the name of an earlier rule: give each its own`);
    if (key === AZURE_SERVICES_RULE) {
      at('name', `is ${show(rule.name)}, the name of the rule that lets all of Azure in: choose another`);
    }
    taken.add(key);
  });
  return violations;
}

/**
 * The same for the rules of a cluster that was there before: what the service refuses, and no more. How far they open the
 * cluster is the audit's to say.
 */
export function existingFirewallViolations(
  rules: readonly FirewallRule[],
  besidesAzure = false,
): Violation[] {
  const taken = new Set(besidesAzure ? [AZURE_SERVICES_RULE] : []);
  return rules.flatMap(({ name, from, to }, index) => {
    const at = (field: keyof FirewallRule, problem: string): Violation => ({ at: [index, field], problem });
    const found = nameProblem(name, COSMOS_RULE_NAMES);
    const again = taken.has(name.toLowerCase());
    taken.add(name.toLowerCase());
    return [
      ...(found === undefined ? [] : [at('name', found)]),
      ...(again ? [at('name', `is ${show(name)}, the name of an earlier rule: give each its own`)] : []),
      ...(isIPv4(from) ? [] : [at('from', `is ${show(from)}${NO_ADDRESS}`)]),
      ...(isIPv4(to) ? [] : [at('to', `is ${show(to)}${NO_ADDRESS}`)]),
      ...(sizeOf({ from, to }) < 1 ? [at('to', wrongWayRound(from, to))] : []),
    ];
  });
}

const NO_ADDRESS = ': it must be an IPv4 address, as in 203.0.113.8';

function nameProblem(name: string, { pattern, said }: RuleNames): string | undefined {
  return pattern.test(name) ? undefined : `is ${show(name)}: ${said}`;
}

function wrongWayRound(from: string, to: string): string {
  return `is ${show(to)}, before the start ${show(from)}: swap the two`;
}

/** Pairs of field and problem. */
function ruleViolations({ name, from, to }: FirewallRule, names: RuleNames): [keyof FirewallRule, string][] {
  const problems: [keyof FirewallRule, string][] = [];
  const ofName = nameProblem(name, names);
  if (ofName !== undefined) problems.push(['name', ofName]);
  for (const [field, address] of [
    ['from', from],
    ['to', to],
  ] as const) {
    const problem = addressProblem(address);
    if (problem !== undefined) problems.push([field, `is ${show(address)}${problem}`]);
  }
  const size = sizeOf({ from, to });
  if (size < 1) {
    problems.push(['to', wrongWayRound(from, to)]);
  } else if (size > ADDRESSES_MOST) {
    problems.push([
      'to',
      `is ${show(to)}, which makes ${size} addresses from ${show(from)}: ${ADDRESSES_MOST} is the most, so name the ranges you really use, or use private access`,
    ]);
  }
  return problems;
}

/** How many addresses a rule lets in, below 1 when it is the wrong way round; NaN without two addresses. */
function sizeOf({ from, to }: Pick<FirewallRule, 'from' | 'to'>): number {
  return isIPv4(from) && isIPv4(to) ? toNumber(to) - toNumber(from) + 1 : Number.NaN;
}

function addressProblem(address: string): string | undefined {
  if (!isIPv4(address)) return NO_ADDRESS;
  if (address.startsWith('0.')) {
    return ', which opens the database to every tenant of Azure: name the addresses that may connect';
  }
  if (isPublicAddress(address)) return undefined;
  return ', an address that never reaches a public endpoint: write the public address the network goes out with, or use private access';
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}
