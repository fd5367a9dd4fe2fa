import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { ScaleoutError } from '../../../scripts/lib/errors';
import { planTables } from '../../../scripts/tables/plan/plan';
import { readPlan, sealPlan, writePlan } from '../../../scripts/tables/review/plan-file';
import { canonical, contentDigest } from '../../../scripts/lib/digest';
import type { SealedPlan } from '../../../scripts/tables/review/plan-file';
import { distribution, liveDatabase, sealedOf, sensors } from '../support/catalog';
import { cases } from '../../support/properties';

const expected = distribution();
const start = liveDatabase(sensors());
const seal = (): SealedPlan => sealPlan(planTables(expected, start), expected, start, sealedOf);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'scaleout-plan-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A plan as an editor sees it. */
interface Edited {
  steps: Record<string, unknown>[];
  expected: Record<string, unknown>;
  snapshot: Record<string, Record<string, string>>;
  digest: string;
}

type Path = readonly (string | number)[];
const GONE = Symbol('gone');

/** Every place of a JSON document: leaves, what holds them, and a place where there is nothing yet. */
function placesIn(value: unknown, at: Path = []): { readonly path: Path; readonly value: unknown }[] {
  const here = at.length === 0 ? [] : [{ path: at, value }];
  if (typeof value !== 'object' || value === null) return here;
  const more = Array.isArray(value) ? value.length : 'more';
  return [
    ...here,
    { path: [...at, more], value: undefined },
    ...Object.entries(value).flatMap(([key, each]) =>
      placesIn(each, [...at, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

/** A copy of the document with another value in one place, or with none there. */
function put(document: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(document)) {
    const next = put(document[Number(key)], rest, to);
    return document.toSpliced(Number(key), 1, ...(next === GONE ? [] : [next]));
  }
  const { [key]: old, ...others } = document as Record<string, unknown>;
  const next = put(old, rest, to);
  return next === GONE ? others : { ...others, [key]: next };
}

describe('a plan in a file', () => {
  const file = (): string => path.join(directory, 'plan.json');
  const edited = (edit: (text: string) => string): (() => SealedPlan) => {
    writePlan(file(), seal());
    writeFileSync(file(), edit(readFileSync(file(), 'utf8')));
    return () => readPlan(file());
  };

  test('is read as it was written', () => {
    writePlan(file(), seal());
    expect(readPlan(file())).toEqual(JSON.parse(JSON.stringify(seal())));
  });

  test('may be laid out anew, since its content is the same', () => {
    expect(edited((text) => JSON.stringify(JSON.parse(text)))()).toEqual(JSON.parse(JSON.stringify(seal())));
  });

  test('is refused where an earlier version made it, whose steps name no target', () => {
    const { digest, ...plan } = seal();
    const content = { ...plan, steps: plan.steps.map((step) => ({ ...step, target: undefined })) };
    expect(digest).toMatch(/^sha256:/);
    writeFileSync(file(), JSON.stringify({ ...content, digest: contentDigest(content) }));
    expect(() => readPlan(file())).toThrow(
      /was made by an earlier version of this program: .* Plan again with "tables plan --out .*" and review that; nothing was changed$/,
    );
  });

  test.each<[string, (plan: Edited) => void]>([
    ['a statement', ({ steps }) => (steps[0]!['sql'] = ['CREATE UNIQUE INDEX'])],
    ['what a step may do besides', ({ steps }) => delete steps[0]!['contingencies']],
    ['the specification', ({ expected: edit }) => (edit['shardCount'] = 64)],
    ['the snapshot', ({ snapshot }) => (snapshot['devices']!['owner'] = 'ffffffffffff')],
    ['a step that is gone', ({ steps }) => steps.shift()],
    ['the order of the steps', ({ steps }) => steps.reverse()],
    ['the digest', (plan) => (plan.digest = `sha256:${'f'.repeat(64)}`)],
  ])('is refused where %s was edited', (_what, edit) => {
    const read = edited((text) => {
      const plan = JSON.parse(text) as Edited;
      edit(plan);
      return JSON.stringify(plan);
    });
    expect(read).toThrow(/was edited since.*Nothing was changed/);
    expect(read).toThrow(expect.objectContaining({ exitCode: 3 }) as Error);
  });

  test('is never read with any other value in any place, with anything more, or with anything less', () => {
    const sealed = JSON.parse(JSON.stringify(seal())) as unknown;
    const places = placesIn(sealed);
    expect(places.length).toBeGreaterThan(200);
    const content = (value: unknown): string => JSON.stringify(canonical(value));
    const everyPlace = fc.constantFrom(...places).chain(({ path: where, value }) =>
      fc.record({
        where: fc.constant(where),
        to: fc.oneof(
          fc.constant(GONE),
          fc.jsonValue({ maxDepth: 1 }),
          fc.constant(typeof value === 'string' ? `${value} ` : [value]),
          fc.constant(typeof value === 'number' ? value + 1 : String(value)),
        ),
      }),
    );
    const file = path.join(directory, 'edited.json');
    fc.assert(
      fc.property(everyPlace, ({ where, to }) => {
        const other = put(sealed, where, to);
        fc.pre(content(other) !== content(sealed));
        writeFileSync(file, JSON.stringify(other));
        expect(() => readPlan(file)).toThrow(ScaleoutError);
      }),
      cases(1_500),
    );
  });

  test.each<[string, (text: string) => string, RegExp]>([
    [
      'is of a later version',
      (text) => text.replace('"formatVersion": 1', '"formatVersion": 2'),
      /formatVersion 2, and this program reads 1/,
    ],
    ['is no plan', () => '{"formatVersion": 1}', /is not a plan that can be applied/],
    ['is no JSON', () => 'tables:', /is not a plan that can be applied/],
  ])('says so where it %s', (_what, edit, words) => {
    expect(edited(edit)).toThrow(words);
  });

  test('says so where it is missing, or cannot be written', () => {
    expect(() => readPlan(path.join(directory, 'none.json'))).toThrow(/cannot be read \(ENOENT\)/);
    expect(() => writePlan(path.join(directory, 'none', 'plan.json'), seal())).toThrow(/cannot be written/);
  });
});
