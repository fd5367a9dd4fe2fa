import type { Finding } from '../../../scripts/audit/judge/judge';
import { judge } from '../../../scripts/audit/judge/judge';
import { RULES } from '../../../scripts/audit/rules';
import type { JsonObject } from '../../../scripts/audit/stack/synthesized';
import { parseSynthesized } from '../../../scripts/audit/stack/synthesized';
import { laneSuite } from '../../support/lanes';
import { examDocuments } from './documents';
import type { Where } from './harm';
import type { Mutant } from './mutants';
import { mutants } from './mutants';

const TODAY = '2026-12-01';
const NAMES: Readonly<Record<Where, string>> = {
  prod: 'prod',
  dev: 'dev',
  elastic: 'prod',
  bootstrap: 'bootstrap',
};

/** Harmful changes that no rule finds yet, by kind: only ever fewer. */
const KNOWN_HOLES: Readonly<Record<string, number>> = {
  'argument removed': 70,
  'argument weakened': 113,
  'argument unknown': 92,
  'argument ignored': 52,
  'argument moved': 52,
  'resource removed': 10,
  'resource duplicated': 32,
  'resource added': 14,
  parameter: 100,
  provider: 108,
  versions: 56,
  backend: 43,
  production: 8,
  secret: 6,
  'argument added': 88,
  'duplicate key': 32,
};

function findings(name: string, text: string): readonly Finding[] {
  const stack = parseSynthesized(text, name, `stacks/${name}/cdk.tf.json`);
  return judge({ stacks: [stack], rules: RULES, waivers: [], today: TODAY }).findings;
}

/** Refused outright counts: whoever cannot read a file does not pass it. */
function isCaught({ stack, text }: Mutant): boolean {
  try {
    return findings(NAMES[stack], text).length > 0;
  } catch {
    return true;
  }
}

laneSuite('synth', 'the exam of the audit', () => {
  let documents: Readonly<Record<Where, JsonObject>>;
  beforeAll(() => {
    documents = examDocuments();
  });

  it('finds nothing in what the product writes', () => {
    for (const [stack, document] of Object.entries(documents)) {
      const found = findings(NAMES[stack as Where], JSON.stringify(document));
      expect([stack, found.map(({ ruleId, check, pointer }) => `${ruleId}/${check} ${pointer}`)]).toEqual([
        stack,
        [],
      ]);
    }
  });

  it('finds every harmful change', () => {
    const all = mutants(documents);
    const passed = all.filter((mutant) => !isCaught(mutant));
    const kinds = [...new Set(all.map(({ kind }) => kind))];
    const count = (list: readonly Mutant[], kind: string): number =>
      list.filter((mutant) => mutant.kind === kind).length;
    const lines = kinds.map(
      (kind) => `${kind}: ${String(count(all, kind) - count(passed, kind))} of ${String(count(all, kind))}`,
    );
    process.stdout.write(
      `${lines.join('\n')}\nall: ${String(all.length - passed.length)} of ${String(all.length)} caught\n`,
    );
    expect(all.length).toBeGreaterThanOrEqual(400);
    // What passes is told by name where it is not among the holes known.
    const holes = kinds.filter((kind) => count(passed, kind) > (KNOWN_HOLES[kind] ?? 0));
    expect(
      passed.filter(({ kind }) => holes.includes(kind)).map(({ kind, title }) => `${kind}: ${title}`),
    ).toEqual([]);
  });
});
