import { advise } from '../../scripts/advise/advice';
import type { Advice } from '../../scripts/advise/advice-document';
import type { Assessment, Demand } from '../../scripts/advise/assessment';
import { assess } from '../../scripts/advise/assessment';
import { assessmentPage } from '../../scripts/advise/assessment-page';
import { htmlPage, markdownPage } from '../../scripts/lib/page';
import type { Sketch } from './schemas';
import { situation } from './schemas';

const GIB = 1024;
/** A tenant's orders, and what lies beside them. */
function shop(more: Record<string, Sketch> = {}): Record<string, Sketch> {
  const table = (columns: Record<string, string>, mib: number, sketch: Partial<Sketch> = {}): Sketch => ({
    columns: { id: 'bigint', tenant_id: 'bigint', ...columns },
    key: ['tenant_id', 'id'],
    rows: mib * 5000,
    mib,
    distinct: { tenant_id: 4000 },
    ...sketch,
  });
  return {
    tenants: table({}, 1, { columns: { id: 'bigint' }, key: ['id'] }),
    orders: table({ total: 'int' }, 100 * GIB, { references: { tenant_id: 'tenants.id' } }),
    lines: table({ sku: 'text' }, 300 * GIB, { references: { tenant_id: 'tenants.id' } }),
    ...more,
  };
}
const adviceFor = (schema: Record<string, Sketch>): Advice => advise(situation(schema), []);
const assessed = (schema: Record<string, Sketch>, demand: Partial<Demand> = {}): Assessment =>
  assess(adviceFor(schema), { growth: 1, ...demand });

describe('an assessment', () => {
  it('is low where nothing comes first, and says so', () => {
    const assessment = assessed(shop());
    expect(assessment).toMatchObject({ complexity: 'low', because: [] });
    expect(assessment.tables).toEqual([
      { decision: 'distribute', count: 3, bytes: (400 * GIB + 1) * 1024 ** 2 },
    ]);
  });

  it('rises with the tables that lack the column', () => {
    const lacking = (count: number): Record<string, Sketch> =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index): [string, Sketch] => [
          `notes_${String(index)}`,
          {
            columns: { id: 'bigint', order_id: 'bigint' },
            key: ['id'],
            references: { order_id: 'orders.id' },
            rows: 1e9,
            mib: 20 * GIB,
          },
        ]),
      );
    const orders: Sketch = {
      columns: { id: 'bigint', tenant_id: 'bigint' },
      key: ['id'],
      references: { tenant_id: 'tenants.id' },
      rows: 1e9,
      mib: 100 * GIB,
      distinct: { tenant_id: 4000 },
    };
    const some = assessed(shop({ orders, ...lacking(3) }));
    const many = assessed(shop({ orders, ...lacking(11) }));
    expect([some.complexity, many.complexity]).toEqual(['medium', 'high']);
    expect(many.because[0]).toEqual({
      level: 'high',
      text: '11 tables to give the distribution column',
    });
  });

  it.each<[string, Partial<Demand>, Partial<Assessment['clusters'][number]> | undefined]>([
    ['its data of today', {}, { workers: 2, storageGiB: 512, vCores: 4 }],
    ['ten times that', { growth: 10 }, { workers: 2, storageGiB: 4096 }],
    ['many operations', { iops: 20_000 }, { workers: 2, storageGiB: 8192, iops: 32_000 }],
    ['many clients', { connections: 800 }, { workers: 2, vCores: 16 }],
    ['more clients than a node takes', { connections: 5000 }, undefined],
    ['more data than any cluster', { growth: 10_000 }, undefined],
  ])('sizes clusters for %s', (_, demand, smallest) => {
    const { clusters } = assessed(shop(), demand);
    if (smallest === undefined) expect(clusters).toEqual([]);
    else expect(clusters[0]).toMatchObject(smallest);
    for (const { used } of clusters) expect(used).toBeLessThanOrEqual(0.7);
  });

  it('puts reference tables on every node whole', () => {
    const small = assess(adviceFor(shop()), { growth: 1 }).clusters;
    const wide = adviceFor(shop());
    const reference = {
      ...wide,
      tables: wide.tables.map((each) => ({ ...each, decision: 'reference' as const })),
    };
    const everywhere = assess(reference, { growth: 1 }).clusters;
    expect(small.at(-1)?.storageGiB).toBe(512);
    expect(new Set(everywhere.map(({ storageGiB }) => storageGiB))).toEqual(new Set([1024]));
  });
});

describe('an assessment for people', () => {
  const odd = shop({
    'a|b <i>': { columns: { id: 'bigint' }, key: ['id'], rows: 10, mib: 900 * GIB },
  });
  const page = assessmentPage(assessed(odd), adviceFor(odd));

  it('is a page that needs nothing else, and takes names for what they are', () => {
    const html = htmlPage(page);
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain('a|b &lt;i&gt;');
    expect(html).not.toMatch(/<script|<i>|https?:|src=|@import|url\(/);
    expect(html.match(/<h2>/g)).toHaveLength(page.sections.length);
  });

  it('is Markdown in which names break no table', () => {
    const lines = markdownPage(page).split('\n');
    expect(lines).toContain('## Complexity: high');
    expect(lines.some((line) => line.includes('a\\|b <i>'))).toBe(true);
    for (const [index, line] of lines.entries()) {
      if (line.startsWith('| --- ')) {
        const cells = (text = ''): number => text.split(/(?<!\\)\|/).length;
        for (let row = index + 1; lines[row]?.startsWith('| ') === true; row += 1) {
          expect(cells(lines[row])).toBe(cells(line));
        }
      }
    }
  });
});
