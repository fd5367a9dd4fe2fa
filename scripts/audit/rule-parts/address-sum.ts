import { blocksAt } from '../stack/blocks';
import type { Block } from '../stack/synthesized';
import type { Problem } from './rule';
import { problemAt } from './rule';

/** Four networks of an office. */
const MOST = 1024;

/** Ranges that are narrow one by one, and a provider's network together. */
export function addressSum(block: Block, argument: 'network_acls' | 'network_rules'): readonly Problem[] {
  const [rules = {}] = blocksAt(block.body, argument);
  const listed = rules['ip_rules'];
  if (!Array.isArray(listed)) return [];
  const sum = (listed as readonly unknown[]).reduce<number>((total, each) => total + sizeOf(each), 0);
  if (sum <= MOST) return [];
  return [
    problemAt(
      block,
      argument,
      `${argument}.ip_rules let in ${sum.toLocaleString('en-US')} addresses together, and ${String(MOST)} is the most: name those that people and pipelines go out with`,
      { check: 'sum', value: String(sum) },
    ),
  ];
}

function sizeOf(range: unknown): number {
  const bits = typeof range === 'string' ? /\/(\d{1,2})$/.exec(range)?.[1] : undefined;
  return bits === undefined ? 1 : 2 ** Math.max(0, 32 - Number(bits));
}
