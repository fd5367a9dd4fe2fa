import type { LiveView } from '../../../scripts/database/model/live';
import { compareViews, momentaryViews, withoutValues } from '../../../scripts/database/observe/view-answers';
import type { ViewAnswer, ObservedView } from '../../../scripts/database/observe/view-answers';
import { named } from '../../tables/support/catalog';

const seen = (answer: ViewAnswer, more: Partial<ObservedView> = {}): ObservedView => ({
  view: named('totals'),
  kind: 'plain',
  momentary: false,
  objects: { definition: 'a', comment: 'b' },
  answer,
  ...more,
});
const rows = (count: number, checksum = '5', leftOut: string[] = []): ViewAnswer => ({
  rows: count,
  checksum,
  leftOut,
});

test.each<[string, ObservedView, ObservedView | undefined, boolean | null, RegExp]>([
  ['the same', seen(rows(7)), seen(rows(7)), true, /^7 rows, the same as before$/],
  [
    'the same but for floats',
    seen(rows(7, '5', ['w'])),
    seen(rows(7, '5', ['w'])),
    true,
    /\(w not compared: floating/,
  ],
  ['other rows', seen(rows(7)), seen(rows(7, '6')), false, /^7 rows as before, but not the same ones$/],
  ['fewer rows', seen(rows(7)), seen(rows(6)), false, /^answered with 7 rows before, with 6 now$/],
  ['none', seen(rows(7)), seen({ cannotRun: 'complex joins.' }), false, /cannot run now: complex joins\./],
  ['gone', seen(rows(7)), undefined, false, /^is gone$/],
  [
    'none before either',
    seen({ cannotRun: 'x' }),
    seen({ cannotRun: 'x' }),
    null,
    /could not run when it was recorded \(x\)/,
  ],
  ['an answer at last', seen({ cannotRun: 'x' }), seen(rows(7)), null, /could not run when it was recorded/],
  [
    'too slow before',
    seen({ notAsked: 'it takes longer' }),
    seen(rows(7)),
    null,
    /before the run, it takes longer/,
  ],
  [
    'too slow now',
    seen(rows(7)),
    seen({ notAsked: 'it takes longer' }),
    null,
    /^not compared: it takes longer/,
  ],
  ['of another moment', seen(rows(7), { momentary: true }), seen(rows(6)), null, /present time/],
  [
    'refreshed',
    seen(rows(7), { kind: 'materialized' }),
    seen(rows(8), { kind: 'materialized' }),
    false,
    /with 8 now: it was refreshed meanwhile$/,
  ],
  [
    'emptied, whatever it asks for',
    seen(rows(7), { kind: 'materialized', momentary: true }),
    seen(rows(0), { kind: 'materialized', momentary: true }),
    false,
    /^answered with 7 rows before, with 0 now$/,
  ],
])('a view whose answer is %s', (_what, before, now, same, detail) => {
  const [compared] = compareViews([before], now === undefined ? [] : [now]);
  expect(compared?.same).toBe(same);
  expect(compared?.detail).toMatch(detail);
});

test('what belongs to a view is compared by name; what is new is nobody’s loss', () => {
  const before = seen(rows(1));
  const now = seen(rows(1), { objects: { definition: 'c', owner: 'd' } });
  expect(compareViews([before], [now])).toMatchObject([{ gone: ['comment'], different: ['definition'] }]);
  expect(compareViews([before], [])).toMatchObject([{ gone: ['the view'], different: [] }]);
});

test.each<[string, boolean]>([
  ['SELECT now() AS now FROM public.t', true],
  ["SELECT id FROM public.t WHERE at > (CURRENT_DATE - '1 day'::interval)", true],
  ['SELECT random() AS random FROM public.t', true],
  ['SELECT id, known() AS known, t.now FROM public.t', false],
  ['SELECT id FROM public.t TABLESAMPLE system (1)', true],
])('%s asks for the moment: %s', (definition, asks) => {
  const view = (name: string, more: Partial<LiveView>) =>
    ({ view: named(name), definition: '', views: [], ...more }) as unknown as LiveView;
  const found = momentaryViews([
    view('below', { definition }),
    view('above', { definition: 'SELECT', views: [named('below')] }),
    view('beside', { definition: 'SELECT' }),
  ]);
  expect(found.size).toBe(asks ? 2 : 0);
});

test.each([
  ['XX000', 'cannot push down this subquery. (SQLSTATE XX000)'],
  ['0A000', 'cannot push down this subquery. (SQLSTATE 0A000)'],
  ['22P02', 'SQLSTATE 22P02'],
])('of an error %s, which may hold a value of a row or not, it is said: %s', (code, words) => {
  expect(withoutValues({ code, message: 'cannot push down this subquery' })).toBe(words);
});
