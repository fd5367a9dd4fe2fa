import type { ResourceChange } from './plan-json';
import type { ShownValue } from './values';
import { SENSITIVE, shownValue, valueText } from './values';

/** The arguments that force a replacement; Terraform itself leaves them out of what a saved plan shows. */
export function forcingValues(change: ResourceChange): readonly ShownValue[] {
  const forcing = [...new Set(change.replacePaths.map(([attribute]) => String(attribute)))];
  return forcing.map((attribute) => shownValue(change, attribute));
}

/** What follows a sentence that something is replaced: `, because its name changes from a to b`; nothing where the plan does not tell. */
export function because(values: readonly ShownValue[]): string {
  if (values.length === 0) return '';
  const each = values.map(({ attribute, before, after }) =>
    before === SENSITIVE || after === SENSITIVE
      ? `its ${attribute} changes`
      : `its ${attribute} changes from ${valueText(before)} to ${valueText(after)}`,
  );
  return `, because ${each.join(' and ')}`;
}
