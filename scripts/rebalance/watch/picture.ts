import { styleText } from 'node:util';
import { nodeName } from '../../citus/nodes';
import { bytes as asBytes, count, duration } from '../../lib/reporter';
import type { Space } from '../../lib/terminal-block';
import type { NodesAlong } from './along';

/** How a rebalance stands, for who watches it. */
export interface Picture extends NodesAlong {
  /** `Run 7 running`, or `Job 3 failed`. */
  readonly title: string;
  readonly seconds: number;
  readonly moves: { readonly done: number; readonly total: number };
  readonly bytes: { readonly done: number; readonly total: number };
  readonly bytesPerSecond: number;
  /** Null where nobody knows. */
  readonly secondsLeft: number | null;
  /** It stands still until it is let go on. @default false */
  readonly paused?: boolean;
  /** The moves under way, in words. */
  readonly running: readonly string[];
  /** What happened on the way, in words: retries with their reasons, what somebody asked for. */
  readonly notes: readonly string[];
  /** Longest that a move kept a write waiting, and what it may, milliseconds; null where nobody measures. */
  readonly pause: { readonly longestMs: number; readonly maxMs: number } | null;
  /** What a probe felt; null where there is none. */
  readonly writers: WritersFelt | null;
}

/** Latencies of writes in milliseconds, from when each was due. */
export interface WritersFelt {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

const PROGRESS_CELLS = 30;
const NODE_CELLS = 20;

/** Below this many columns nodes have no bars. */
const ROOM_FOR_BARS = 60;

/** Notes that are shown, the newest ones. */
const SHOWN_NOTES = 4;

/** What each character of a node's bar stands for, as wide as the bar. */
const LEGEND = '# has . gets - gives';

/** A picture of so many columns: how far, each node's bar filling up, what is under way, and what happened. Pure. */
export function drawPicture(picture: Picture, { columns, color }: Space): string[] {
  const { title, seconds, moves, running } = picture;
  const toCome = Math.max(0, moves.total - moves.done - running.length);
  const share = moves.total === 0 ? 1 : moves.done / moves.total;
  const filled = Math.round(share * PROGRESS_CELLS);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(PROGRESS_CELLS - filled)}]`;
  const stands = `${count(moves.done)} of ${count(moves.total)} moves, ${count(running.length)} under way, ${count(toCome)} to come`;
  const heading = `${title}, ${duration(seconds)}`;
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  return [
    paint('bold', heading.slice(0, columns)),
    ...wrap(columns > ROOM_FOR_BARS ? `${bar} ${stands}` : stands, columns),
    ...wrap(describeAmounts(picture), columns),
    '',
    ...drawNodes(picture, columns, paint),
    '',
    ...running.flatMap((move) => wrap(`now ${move}`, columns)),
    ...felt(picture).flatMap((text) => wrap(text, columns)),
    ...picture.notes
      .slice(-SHOWN_NOTES)
      .flatMap((note) => wrap(`! ${note}`, columns).map((line) => paint('yellow', line))),
  ];
}

/** `66.0 MiB of 197.0 MiB, 15.7 MiB/s, about 8.3 s left`. */
function describeAmounts({ bytes, bytesPerSecond, secondsLeft, paused = false }: Picture): string {
  return [
    `${asBytes(bytes.done)} of ${asBytes(bytes.total)}`,
    ...(bytesPerSecond > 0 ? [`${asBytes(Math.round(bytesPerSecond))}/s`] : []),
    ...(secondsLeft === null
      ? []
      : [`about ${duration(secondsLeft)} left${paused ? ' once it goes on' : ''}`]),
  ].join(', ');
}

function felt({ pause, writers }: Picture): string[] {
  return [
    ...(pause === null
      ? []
      : [`no write waited longer than ${ms(pause.longestMs)} for a move (at most ${ms(pause.maxMs)})`]),
    ...(writers === null ? [] : [describeWriters(writers)]),
  ];
}

/** `writes of the probe: half within 2 ms, 99 % within 120 ms, the longest 187 ms`. */
export function describeWriters({ p50Ms, p99Ms, longestMs }: WritersFelt): string {
  return `writes of the probe: half within ${ms(p50Ms)}, 99 % within ${ms(p99Ms)}, the longest ${ms(longestMs)}`;
}

function ms(value: number): string {
  return `${count(Math.round(value))} ms`;
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

function drawNodes({ before, nodes, planned }: Picture, columns: number, paint: Paint): string[] {
  const stages = nodes.map((node, index) => [before[index] ?? node, node, planned[index] ?? node] as const);
  const most = Math.max(0, ...stages.flat().map(({ bytes }) => bytes));
  const [unit, factor] = unitFor(most);
  const inBytes = most > 0;
  const scale = Math.max(1, ...stages.flat().map(({ bytes, shards }) => (inBytes ? bytes : shards)));
  const rows = stages.map((each) => {
    const [, now, then] = each.map(({ bytes, shards }) => (inBytes ? bytes : shards) / scale);
    return {
      label: each[1].label,
      address: nodeName(each[1]),
      cells: cellsOf(now ?? 0, then ?? 0),
      shards: each.map(({ shards }) => count(shards)).join(' -> '),
      bytes: each.map(({ bytes }) => (bytes / factor).toFixed(1)).join(' -> '),
    };
  });
  const wide = (name: 'label' | 'shards' | 'bytes', heading: string): number =>
    Math.max(heading.length, ...rows.map((row) => row[name].length));
  const widths = [wide('label', 'node'), wide('shards', 'shards'), wide('bytes', unit)] as const;
  const bars = columns > ROOM_FOR_BARS;
  const line = (label: string, bar: string, shards: string, bytes: string): string =>
    [
      label.padEnd(widths[0]),
      ...(bars ? [bar] : []),
      shards.padStart(widths[1]),
      bytes.padStart(widths[2]),
    ].join('  ');
  const heading = line('node', ` ${LEGEND} `, 'shards', unit);
  return [
    heading.slice(0, columns),
    ...rows.map((row) => {
      const plain = line(row.label, `[${row.cells}]`, row.shards, row.bytes);
      if (plain.length > columns) return plain.slice(0, columns);
      const painted = row.cells
        .replace(/#+/, (part) => paint('green', part))
        .replace(/-+/, (part) => paint('yellow', part));
      return line(row.label, `[${painted}]`, row.shards, row.bytes);
    }),
  ];
}

/** A bar of what a node has, will get and will give. Both are parts of one. */
function cellsOf(now: number, planned: number): string {
  const [has, will] = [now, planned].map((part) => Math.round(part * NODE_CELLS)) as [number, number];
  const stays = '#'.repeat(Math.min(has, will));
  const changes = will > has ? '.'.repeat(will - has) : '-'.repeat(has - will);
  return `${stays}${changes}`.padEnd(NODE_CELLS);
}

/** One unit for all nodes, so that they can be held against each other. */
function unitFor(most: number): [string, number] {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let [index, factor] = [0, 1024];
  while (most / factor >= 1024 && index < units.length - 1) {
    index += 1;
    factor *= 1024;
  }
  return [units[index] ?? 'KiB', factor];
}

/** Breaks at spaces. Further lines are indented. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= columns) {
      line = longer;
      continue;
    }
    if (line.trim() !== '') lines.push(line);
    line = `  ${word}`.slice(0, columns);
  }
  return [...lines, line];
}

/** The same for a log: a line where something came about since the last look, and one for each new note. Pure. */
export function describeChange(was: Picture | undefined, now: Picture): string[] {
  const known = new Set(was?.notes);
  const notes = now.notes.filter((note) => !known.has(note)).map((note) => `! ${note}`);
  if (was !== undefined && stateOf(was) === stateOf(now)) return notes;
  const { title, moves, running } = now;
  const line = [
    `${title}: ${count(moves.done)} of ${count(moves.total)} moves`,
    describeAmounts(now),
    ...running.map((move) => `now ${move}`),
  ].join(', ');
  return [line, ...notes];
}

function stateOf({ title, moves, running }: Picture): string {
  return JSON.stringify([title, moves, running]);
}

/** Whether anything came about between two looks but that time went on. Pure. */
export function hasChanged(was: Picture | undefined, now: Picture): boolean {
  return was === undefined || describeChange(was, now).length > 0;
}
