import type { GeneratedData } from './generate';
import { randomNumbers } from './generate';

/**
 * Wide World Importers' sensors: 1,000 devices in delivery trucks and warehouses. Every third reading comes from
 * device 42, a truck whose cooling is broken: its humidity runs up to 91 % where other trucks stay below 71 %.
 * Warehouses send the temperature alone.
 *
 * The same rows every time, and the first rows of a long run are the rows of a short one.
 *
 * @param rows readings
 */
export function sensorsData(rows: number): GeneratedData {
  return {
    tables: [
      {
        table: 'device_types',
        columns: ['device_type_id', 'device_type'],
        rows: DEVICE_TYPES.length,
        lines: () => DEVICE_TYPES.map((name, index) => `${String(index + 1)}\t${name}\n`),
      },
      {
        table: 'devices',
        columns: ['device_id', 'device_type_id', 'name'],
        rows: DEVICES,
        lines: deviceLines,
      },
      {
        table: 'events',
        columns: ['device_id', 'payload', 'created_at'],
        rows,
        lines: () => readingLines(rows),
      },
    ],
    sequences: [
      { table: 'device_types', column: 'device_type_id' },
      { table: 'devices', column: 'device_id' },
    ],
    facts: [],
    subject: { one: 'device', all: 'devices' },
    remark:
      'Every third reading is of device 42, and a device lives in one shard: the node of that shard holds more.',
  };
}

const DEVICE_TYPES = ['delivery truck', 'warehouse'];
const DEVICES = 1000;
const BROKEN_DEVICE = 42;

/** When the first reading arrives; 10,000 a minute follow. */
const FIRST_READING_MS = Date.UTC(2022, 11, 21, 13, 0, 0);
const MS_BETWEEN_READINGS = 6;

/** By device: whether it rides in a truck. Index 0 is unused. */
function trucks(): boolean[] {
  const random = randomNumbers(DEVICES);
  const isTruck = Array.from({ length: DEVICES + 1 }, () => random() < 0.5);
  isTruck[BROKEN_DEVICE] = true;
  return isTruck;
}

function* deviceLines(): Generator<string> {
  const isTruck = trucks();
  for (let device = 1; device <= DEVICES; device += 1) {
    const truck = isTruck[device] === true;
    const name = `${truck ? 'truck' : 'warehouse'}-${String(device).padStart(4, '0')}`;
    yield `${String(device)}\t${truck ? '1' : '2'}\t${name}\n`;
  }
}

function* readingLines(rows: number): Generator<string> {
  const isTruck = trucks();
  const random = randomNumbers(BROKEN_DEVICE);
  let second = -1;
  let secondText = '';
  for (let row = 0; row < rows; row += 1) {
    const device = row % 3 === 2 ? BROKEN_DEVICE : 1 + Math.floor(random() * DEVICES);
    const temperature = decimal(55, 61, random());
    let payload = `{"temperature": ${temperature}}`;
    if (isTruck[device] === true) {
      const humidity = device === BROKEN_DEVICE ? decimal(65, 91, random()) : decimal(60, 71, random());
      payload = `{"humidity": ${humidity}, "temperature": ${temperature}}`;
    }
    const sinceFirst = row * MS_BETWEEN_READINGS;
    if (Math.floor(sinceFirst / 1000) !== second) {
      second = Math.floor(sinceFirst / 1000);
      secondText = new Date(FIRST_READING_MS + second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    }
    yield `${String(device)}\t${payload}\t${secondText}${THOUSANDTHS[sinceFirst % 1000] ?? ''}\n`;
  }
}

/** `.000` to `.999`: making text of a fraction costs more than all the rest of a row. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, value) => `.${String(value).padStart(3, '0')}`);

/** A value in [from, to) with the three decimals a sensor has. */
function decimal(from: number, to: number, share: number): string {
  const thousandths = Math.floor((to - from) * 1000 * share);
  return `${String(from + Math.floor(thousandths / 1000))}${THOUSANDTHS[thousandths % 1000] ?? ''}`;
}
