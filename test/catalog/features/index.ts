import type { Feature } from '../feature';
import { COLUMNS } from './columns';
import { INDEXES } from './indexes';
import { KEYS } from './keys';
import { PARTITIONS } from './partitions';
import { TABLES } from './tables';
import { VIEWS } from './views';

/** All that is drawn from. */
export const FEATURES: readonly Feature[] = [
  ...COLUMNS,
  ...KEYS,
  ...INDEXES,
  ...TABLES,
  ...PARTITIONS,
  ...VIEWS,
];

export function featureOf(name: string): Feature {
  const found = FEATURES.find((feature) => feature.name === name);
  if (found === undefined) throw new Error(`there is no feature "${name}"`);
  return found;
}
