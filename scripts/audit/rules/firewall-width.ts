import { environmentFile } from '../../../config/file/files';
import { describeGap, stringAt } from '../stack/attributes';
import { FIREWALL_RULES } from '../stack/azurerm';
import type { Problem, Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdict } from '../rule-parts/rule';
import { statedReason } from '../rule-parts/stated-reason';
import type { Block } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

/** Addresses all rules of a stack may let in together: an office, not a provider's network. */
export const WIDEST = { production: 16, elsewhere: 256 } as const;

/** 1.0.0.0: the addresses before it belong to nobody. */
const END_OF_THIS_NETWORK = 2 ** 24;

const START = 'start_ip_address';
const END = 'end_ip_address';

export const firewallWidth: Rule = {
  id: 'firewall-width',
  level: 'error',
  hardening: ['width', 'azure-services', 'this-network'],
  property:
    'Firewall rules let in few, known addresses: every Azure service only for a stated reason, and together no more than 16 in production or 256 elsewhere.',
  why: 'Every address more is somebody else who may try passwords.',
  remedy: 'Narrow network.allow, or use private access.',
  controls: ['MCSB NS-1', 'MCSB NS-2', 'CIS 4.3.7'],
  check(stack, facts) {
    const rules = resourcesOf(stack, ...FIREWALL_RULES);
    if (rules.length === 0) {
      return notApplicable('the stack holds no firewall rule, and without one nobody is let in');
    }
    const judged = rules.map((rule) => ({ rule, judgement: judgeRange(rule) }));
    return verdict([
      ...judged.flatMap(({ judgement }) => (typeof judgement === 'number' ? [] : [judgement])),
      ...judgeTotal(
        judged.flatMap(({ rule, judgement }) =>
          typeof judgement === 'number' ? [{ rule, addresses: judgement }] : [],
        ),
        facts.production ? WIDEST.production : WIDEST.elsewhere,
        stack.environment,
      ),
    ]);
  },
};

function judgeTotal(
  ranges: readonly { readonly rule: Block; readonly addresses: number }[],
  widest: number,
  environment: string,
): readonly Problem[] {
  const total = ranges.reduce((sum, { addresses }) => sum + addresses, 0);
  const worst = [...ranges].sort((a, b) => b.addresses - a.addresses)[0]?.rule;
  if (total <= widest || worst === undefined) return [];
  return [
    problemAt(
      worst,
      START,
      `the firewall lets in ${total.toLocaleString('en-US')} addresses, and at most ${String(widest)} are allowed here; the widest rule is ${rangeOf(worst)}. Narrow network.allow in ${environmentFile(environment)}, or use private access`,
      { check: 'width', value: String(total) },
    ),
  ];
}

/** How many addresses a rule lets in, or what is wrong with it. */
function judgeRange(rule: Block): number | Problem {
  const start = stringAt(rule.body, START);
  const end = stringAt(rule.body, END);
  if (start.state !== 'value')
    return problemAt(rule, START, `${START} ${describeGap(start)}: write the address out`);
  if (end.state !== 'value') return problemAt(rule, END, `${END} ${describeGap(end)}: write the address out`);
  const from = ipv4(start.value);
  const to = ipv4(end.value);
  if (from === undefined)
    return problemAt(rule, START, `${START} is ${start.value}, which is no IPv4 address`);
  if (to === undefined) return problemAt(rule, END, `${END} is ${end.value}, which is no IPv4 address`);
  if (from === 0 && to === 0) {
    return azureServices(rule);
  }
  if (from < END_OF_THIS_NETWORK) {
    return problemAt(
      rule,
      START,
      `the range ${rangeOf(rule)} starts in 0.0.0.0/8: nobody connects from there, and its first address is how Azure spells "every Azure service". Name the addresses that need access`,
      { check: 'this-network' },
    );
  }
  if (from > to) {
    return problemAt(rule, START, `the range ${rangeOf(rule)} ends before it starts: swap the two addresses`);
  }
  return to - from + 1;
}

/** With a reason it is a choice that somebody answers for, and a warning; never nothing, as it lets in strangers. */
function azureServices(rule: Block): Problem {
  const reason = statedReason(rule, 'allowAzureServices');
  const what =
    'the rule 0.0.0.0-0.0.0.0 is how Azure spells "every Azure service", machines of other customers among them';
  return reason === undefined
    ? problemAt(
        rule,
        START,
        `${what}: name the addresses that need access, or say in allowAzureServices why nothing narrower will do`,
        { check: 'azure-services', value: '0.0.0.0' },
      )
    : problemAt(
        rule,
        START,
        `${what}. The reason given: "${reason}". Look whether it still holds, and take the rule out when it does not`,
        { check: 'azure-services', level: 'warning' },
      );
}

function rangeOf(rule: Block): string {
  return [START, END].map((name) => JSON.stringify(rule.body[name]).replaceAll('"', '')).join('-');
}

/** An IPv4 address as a number from 0 to 2^32 - 1. */
function ipv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
