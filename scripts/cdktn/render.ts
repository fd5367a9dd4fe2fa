import type { CheckDocument, FoundDifference } from './judge';

/** The check's answer for people: a verdict, what may differ (once for all files), and what may not (each). */
export function renderCheck({ cdktn, bindings, files, differences }: CheckDocument): string {
  const wrong = differences.filter(({ allowed }) => allowed === undefined);
  const verdict =
    wrong.length === 0
      ? `cdktn ${cdktn} with @cdktn/provider-azurerm ${bindings} writes the same ${counted(files.length, 'file')} as cdktf`
      : `cdktn ${cdktn} with @cdktn/provider-azurerm ${bindings} writes something else than cdktf: ${counted(wrong.length, 'difference')}`;
  return [verdict, ...wrong.map(wrongLine), ...allowedLines(differences)].join('\n');
}

function wrongLine({ file, pointer, before, after }: FoundDifference): string {
  return `  ${file}#${pointer}: ${shown(before)} with cdktf, ${shown(after)} with cdktn`;
}

function allowedLines(differences: readonly FoundDifference[]): string[] {
  const places = new Map<string, number>();
  for (const { pointer, before, after, allowed } of differences) {
    if (allowed === undefined) continue;
    const line = `#${pointer}: ${shown(before)} with cdktf, ${shown(after)} with cdktn (${allowed})`;
    places.set(line, (places.get(line) ?? 0) + 1);
  }
  return [...places].map(([line, count]) => `  allowed in ${counted(count, 'file')}: ${line}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
