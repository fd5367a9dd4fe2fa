import { createHash } from 'node:crypto';
import type { GeneratedTable } from '../../../scripts/local/workloads';
import { generateData } from '../../../scripts/local/workloads';
import { chunks } from '../../../scripts/local/workloads/generate';

interface Reading {
  readonly device: number;
  readonly payload: { readonly temperature: number; readonly humidity?: number };
  readonly at: string;
}

const TRUCK = '1';

function tableOf(rows: number, name: string): GeneratedTable {
  const table = generateData('sensors', rows).tables.find((each) => each.table === name);
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

function lines(rows: number, name: string): string[] {
  return [...tableOf(rows, name).lines()];
}

function readings(rows: number): Reading[] {
  return lines(rows, 'events').map((line) => {
    const [device = '', payload = '', at = ''] = line.trimEnd().split('\t');
    return { device: Number(device), payload: JSON.parse(payload) as Reading['payload'], at };
  });
}

describe('the data of the sensors', () => {
  test('is the same in every version of this program', () => {
    const hash = createHash('sha256');
    for (const table of generateData('sensors', 5000).tables) hash.update([...table.lines()].join(''));
    expect(hash.digest('hex')).toBe('9d97d8ae366696f1b0e5539e63c66815a8037004e0c9d3ec5d39885a92331d7f');
  });

  test('of a short run begins that of a long one', () => {
    expect(lines(3000, 'events').slice(0, 1000)).toEqual(lines(1000, 'events'));
  });

  test('has as many rows as it says', () => {
    for (const table of generateData('sensors', 1234).tables) {
      expect([...table.lines()]).toHaveLength(table.rows);
    }
    expect(tableOf(1234, 'events').rows).toBe(1234);
  });

  test('has 1,000 devices of two types, and device 42 is a truck', () => {
    expect(lines(1, 'device_types')).toEqual(['1\tdelivery truck\n', '2\twarehouse\n']);
    const devices = lines(1, 'devices').map((line) => line.trimEnd().split('\t'));
    expect(devices.map(([id]) => Number(id))).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
    expect(new Set(devices.map(([, type]) => type))).toEqual(new Set(['1', '2']));
    expect(devices[41]).toEqual(['42', TRUCK, 'truck-0042']);
  });

  test('gives every third reading to device 42 and leaves no device out', () => {
    const all = readings(30_000);
    expect(all.filter((_, index) => index % 3 === 2).every(({ device }) => device === 42)).toBe(true);
    expect(new Set(all.map(({ device }) => device)).size).toBe(1000);
    expect(all.filter(({ device }) => device === 42).length / all.length).toBeCloseTo(1 / 3, 2);
  });

  test('measures what such devices measure', () => {
    const trucks = new Set(
      lines(1, 'devices')
        .map((line) => line.split('\t'))
        .filter(([, type]) => type === TRUCK)
        .map(([id]) => Number(id)),
    );
    const isAsOthers = ({ device, payload: { temperature, humidity } }: Reading): boolean => {
      if (temperature < 55 || temperature >= 61) return false;
      if (!trucks.has(device)) return humidity === undefined;
      const [from, to] = device === 42 ? ([65, 91] as const) : ([60, 71] as const);
      return humidity !== undefined && humidity >= from && humidity < to;
    };
    expect(readings(4000).filter((reading) => !isAsOthers(reading))).toEqual([]);
  });

  test('stamps 10,000 readings a minute', () => {
    const all = readings(10_001);
    expect(all[0]?.at).toBe('2022-12-21 13:00:00.000');
    expect(all[1]?.at).toBe('2022-12-21 13:00:00.006');
    expect(all[10_000]?.at).toBe('2022-12-21 13:01:00.000');
  });

  test('goes out in writes of 64 KiB and more, all but the last', () => {
    const sent: number[] = [];
    const written = [...chunks(tableOf(20_000, 'events').lines(), (rows) => sent.push(rows))];
    expect(written.slice(0, -1).every(({ length }) => length >= 64 * 1024)).toBe(true);
    expect(Buffer.concat(written).toString()).toBe(lines(20_000, 'events').join(''));
    expect(sent.at(-1)).toBe(20_000);
  });

  test('there is none for a workload nobody wrote a generator for', () => {
    expect(() => generateData('payments-of-tomorrow', 1)).toThrow(
      /"payments-of-tomorrow".*there is data for sensors/,
    );
  });
});
