import type { Finding } from '../../../scripts/audit/judge/judge';
import { judge } from '../../../scripts/audit/judge/judge';
import { RULES } from '../../../scripts/audit/rules';
import type { JsonObject, Synthesized } from '../../../scripts/audit/stack/synthesized';
import { parseSynthesized } from '../../../scripts/audit/stack/synthesized';
import { laneSuite } from '../../support/lanes';
import { environmentDocument, examDocuments } from './documents';
import type { Where } from './harm';
import { honestEnvironments } from './honest';
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
const KNOWN_HOLES: Readonly<Record<string, number>> = {};

function findings(name: string, text: string, beside: readonly Synthesized[] = []): readonly Finding[] {
  const stack = parseSynthesized(text, name, `stacks/${name}/cdk.tf.json`);
  const input = {
    stacks: [stack, ...beside],
    environment: name,
    rules: RULES,
    waivers: [],
    notProduction: ['dev'],
    today: TODAY,
  };
  return judge(input).findings;
}

/** Refused outright counts: whoever cannot read a file does not pass it. */
function isCaught({ stack, text }: Mutant, bootstrap: Synthesized): boolean {
  try {
    const beside = stack === 'bootstrap' ? [] : [bootstrap];
    return findings(NAMES[stack], text, beside).length > 0;
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

  it('fails no honest environment', () => {
    const honest = honestEnvironments();
    expect(honest.length).toBeGreaterThanOrEqual(40);
    const failing = honest.flatMap(({ title, name, text }) =>
      findings(name, JSON.stringify(environmentDocument(text, name)))
        .filter(({ level }) => level === 'error')
        .map(({ ruleId, check, level, pointer }) => `${title}: ${ruleId}/${check} (${level}) ${pointer}`),
    );
    expect(failing).toEqual([]);
  });

  it('finds every harmful change', () => {
    const all = mutants(documents);
    const bootstrap = parseSynthesized(JSON.stringify(documents.bootstrap), 'bootstrap', 'bootstrap');
    const passed = all.filter((mutant) => !isCaught(mutant, bootstrap));
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
