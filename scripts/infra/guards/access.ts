import { FIREWALL_RULES } from '../../audit/stack/azurerm';
import type { Json } from '../../audit/stack/synthesized';
import type { GuardContext, Verdict } from './finding';
import type { ResourceChange } from './plan-json';
import { changesNothing, destroys, isReplacement } from './plan-json';
import { shownValue, valueText } from './values';

/** Addresses that one rule may let in before it stands for the internet; the config's own limit is far below. */
const NARROW = 65_536;

/** Firewall rules that open the cluster wider than anybody means to; those that are open already are called out. */
export function openings(change: ResourceChange, context: GuardContext): readonly Verdict[] {
  const verdicts = wideRules(change, context);
  if (!changesNothing(change)) return verdicts;
  return verdicts.map((verdict) => ({
    ...verdict,
    level: 'note',
    why: `${verdict.why}; the rule is there already and stays as it is`,
  }));
}

function wideRules(change: ResourceChange, context: GuardContext): readonly Verdict[] {
  if (!FIREWALL_RULES.includes(change.type) || change.after === null) return [];
  if (destroys(change) && !isReplacement(change)) return [];
  const from = change.after['start_ip_address'] ?? null;
  const to = change.after['end_ip_address'] ?? null;
  const start = shownValue(change, 'start_ip_address');
  const end = shownValue(change, 'end_ip_address');
  const values = [start, end];
  if (from === '0.0.0.0' && to === '0.0.0.0') {
    const why = '0.0.0.0 lets in every machine on Azure, those of other customers too';
    const instead = 'list the addresses that connect, or use network.access: private';
    const reason = context.statedReason(change.address, 'allowAzureServices');
    // Who reviewed the reason has said yes.
    return reason === undefined
      ? [
          {
            guard: 'open-to-azure',
            level: 'needs-yes',
            values,
            why,
            wayOut: `${instead}; if it has to be, give the reason under network.allowAzureServices, or allow it`,
          },
        ]
      : [
          {
            guard: 'open-to-azure',
            level: 'note',
            values,
            why: `${why}; the config says why: ${reason}`,
            wayOut: instead,
          },
        ];
  }
  const first = ipv4(from);
  const last = ipv4(to);
  if (first === undefined || last === undefined) {
    return [
      {
        guard: 'unknown-range',
        level: 'needs-yes',
        values,
        why: 'which addresses the rule lets in only the apply would tell, so no guard can judge it',
        wayOut: 'write the addresses out in the config',
      },
    ];
  }
  if (from !== '0.0.0.0' && last - first < NARROW) return [];
  return [
    {
      guard: 'open-to-the-internet',
      level: 'never',
      values,
      why: `the rule lets in ${(last - first + 1).toLocaleString('en-US')} addresses, from ${valueText(start.after)} to ${valueText(end.after)}`,
      wayOut: 'list the ranges that connect, each as narrow as it is; or use network.access: private',
    },
  ];
}

function ipv4(address: Json): number | undefined {
  if (typeof address !== 'string') return undefined;
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}
