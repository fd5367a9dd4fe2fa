import type { Json, JsonObject } from '../audit/stack/synthesized';
import { canonical } from '../lib/digest';
import type { Deed, PlanMeaning } from './plan-meaning';

/** What a plan does, argument by argument, one line to each. Pure. */
export function valuesThatChange(meaning: PlanMeaning): readonly string[] {
  const { resources, drift, outputs } = canonical(meaning) as PlanMeaning;
  const lines = [
    ...Object.entries(resources).flatMap(([name, deed]) => linesOf(name, deed)),
    ...Object.entries(drift).flatMap(([name, deed]) => linesOf(`drift of ${name}`, deed)),
    ...Object.entries(outputs).flatMap(([name, output]) => outputLines(name, output)),
  ];
  return lines.length === 0 ? ['  nothing'] : lines;
}

function linesOf(name: string, deed: Deed): readonly string[] {
  const { actions, before = {}, after = {}, previousAddress, importing, reason } = deed;
  const isIdle = actions.join() === 'no-op' && deed.after === undefined;
  const more = [
    ...(previousAddress === undefined ? [] : [`was ${previousAddress}`]),
    ...(importing === undefined ? [] : [`taken over: ${importing}`]),
    ...(reason === undefined ? [] : [reason]),
  ];
  if (isIdle && more.length === 0) return [];
  const head = `  ${name}: ${[actions.join(' and '), ...more].join(', ')}`;
  if (isIdle || (actions.join() === 'update' && deed.after === undefined)) return [head];
  return [head, ...changedLines(before, after)];
}

function changedLines(before: JsonObject, after: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `    ${key}: ${valueText(before[key])} -> ${valueText(after[key])}`);
}

function outputLines(name: string, output: Json): readonly string[] {
  const { actions, before, after } = output as unknown as {
    actions: readonly string[];
    before: Json;
    after: Json;
  };
  return actions.join() === 'no-op' ? [] : [`  output ${name}: ${valueText(before)} -> ${valueText(after)}`];
}

/** In one line, and in letters that no terminal takes for something else. */
function valueText(value: Json | undefined): string {
  if (value === undefined || value === null) return 'not set';
  return JSON.stringify(value).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, '?');
}
