import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  continueReceipt,
  findEarlierReceipt,
  requireSameFile,
  specifiedBy,
} from '../../../scripts/tables/verify/earlier-receipt';
import type { Observation } from '../../../scripts/database/observe/observation';
import { sealReceipt, writeReceipt } from '../../../scripts/tables/verify/receipt';
import type { Receipt } from '../../../scripts/tables/verify/receipt';
import { distribution, named, sealedOf } from '../support/catalog';

const observed = (at: string, rows: Readonly<Record<string, number>>): Observation => ({
  at,
  rows: Object.entries(rows).map(([name, count]) => ({
    table: named(name),
    rows: count,
    checksum: String(count),
  })),
  answers: [],
  objects: Object.fromEntries(Object.keys(rows).map((name) => [name, { owner: at }])),
});
const rowsOf = ({ rows }: Observation): Record<string, number> =>
  Object.fromEntries(rows.map(({ table, rows: count }) => [table.name, count]));

describe('a run that finds a receipt', () => {
  const earlier = {
    applied: [{ id: 'distribute:events', seconds: 1 }],
    before: observed('monday', { events: 100 }),
    after: observed('tuesday', { events: 100 }),
  };

  test('keeps its before, and compares with it what there is now', () => {
    const now = observed('friday', { events: 60 });
    const { before, after, compared, applied } = continueReceipt(earlier, {
      applied: [],
      before: null,
      after: now,
      compared: null,
    });
    expect(before).toEqual(earlier.before);
    // It changed no row: what was lost since is no state that a run left.
    expect(rowsOf(after)).toEqual({ events: 100 });
    expect(after.at).toBe('friday');
    expect(applied).toEqual(earlier.applied);
    expect(compared?.rows).toMatchObject([
      { table: 'events', before: { rows: 100 }, after: { rows: 60 }, same: false },
    ]);
  });

  test('takes what it left itself where rows changed during the run', () => {
    const { after } = continueReceipt(earlier, {
      applied: [],
      before: observed('friday', { events: 60 }),
      after: observed('friday', { events: 70 }),
      compared: null,
    });
    expect(rowsOf(after)).toEqual({ events: 70 });
  });

  test('takes what was found where there was nothing to do for what there was before', () => {
    const { before, compared } = continueReceipt(
      { ...earlier, before: null },
      { applied: [], before: null, after: observed('friday', { events: 60 }), compared: null },
    );
    expect(before).toEqual(earlier.after);
    expect(compared?.rows).toMatchObject([{ same: false }]);
  });

  test('looks afresh at what that run did not look at, and keeps what it does not look at itself', () => {
    const steps = [{ id: 'distribute:devices', seconds: 2 }];
    const seen = {
      applied: steps,
      before: observed('friday', { events: 60, devices: 7 }),
      after: observed('saturday', { events: 60, devices: 7 }),
      compared: null,
    };
    const whole = continueReceipt(earlier, seen);
    expect(whole.before.at).toBe('monday');
    expect(rowsOf(whole.before)).toEqual({ events: 100, devices: 7 });
    expect(whole.before.objects).toEqual({ events: { owner: 'monday' }, devices: { owner: 'friday' } });
    expect(whole.applied).toEqual([...earlier.applied, ...steps]);
    expect(whole.compared?.rows.map(({ table, same }) => [table, same])).toEqual([
      ['events', false],
      ['devices', true],
    ]);
    // Without rows counted, those of the last count stay what tables verify compares with.
    const uncounted = continueReceipt(earlier, {
      ...seen,
      before: null,
      after: { ...observed('friday', {}), objects: { events: { owner: 'friday' } } },
    });
    expect(rowsOf(uncounted.after)).toEqual({ events: 100 });
    expect(uncounted.after).toMatchObject({ at: 'friday', objects: { events: { owner: 'friday' } } });
    expect(uncounted.compared?.rows).toEqual([]);
  });
});

describe('the file', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-earlier-'));
  const file = path.join(directory, 'receipt.json');
  afterAll(() => rmSync(directory, { recursive: true }));
  const expected = distribution();
  const receipt = (specified: readonly string[]): Receipt =>
    sealReceipt({
      database: sealedOf.database,
      tool: { name: 'scaleout', version: '0.1.0' },
      writtenAt: '2026-01-01T00:00:01Z',
      specified,
      applied: [],
      before: null,
      after: observed('', {}),
      compared: null,
    });

  test('is of a run for the same tables, or for some of them', () => {
    expect(findEarlierReceipt(file, expected)).toBeUndefined();
    for (const specified of [specifiedBy(expected), ['events'], []]) {
      writeReceipt(file, receipt(specified));
      expect(findEarlierReceipt(file, expected)).toEqual(receipt(specified));
    }
    writeReceipt(file, receipt(['events', 'ledger', 'schema tenant_1']));
    expect(() => findEarlierReceipt(file, expected)).toThrow(
      expect.objectContaining({
        exitCode: 3,
        message: expect.stringMatching(
          /whose specification named ledger, schema tenant_1 too.*Name another file.*nothing was changed$/,
        ) as string,
      }) as Error,
    );
  });

  test('names whole schemas as well', () => {
    expect(specifiedBy({ ...expected, tables: [], schemas: [{ schema: 'b', kind: 'distributed' }] })).toEqual(
      ['schema b'],
    );
  });

  test('may go during the run, and is not replaced where another came', () => {
    writeReceipt(file, receipt(['events']));
    expect(() => requireSameFile(file, receipt(['events']))).not.toThrow();
    expect(() => requireSameFile(file, receipt([]))).toThrow(
      /another receipt was written to .* during this run/,
    );
    expect(() => requireSameFile(file, undefined)).toThrow(/another receipt was written to/);
    rmSync(file);
    expect(() => requireSameFile(file, receipt(['events']))).not.toThrow();
    writeFileSync(file, 'mine');
    expect(() => requireSameFile(file, undefined)).toThrow(
      /is no receipt .*run the same command again for the receipt alone$/,
    );
  });
});
