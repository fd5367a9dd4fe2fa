import { styleText } from 'node:util';
import { duration } from '../../config/text/text';
import { describeEvent } from './events';
import type { RunEvent } from './events';
import { showsColor, TerminalBlock } from './terminal-block';
import type { Space, Terminal } from './terminal-block';

export { duration } from '../../config/text/text';

/**
 * What work tells a person while it runs. The core never prints: it reports here, and the caller decides where
 * it goes (a terminal, a log, a test's array). Results are return values, never reports.
 */
export interface Reporter {
  /** Something that happened, one line. */
  info(text: string): void;
  /** Something the person should act on, one line. */
  warn(text: string): void;
  /** Something that happened, for programs too; worded by {@link describeEvent}. */
  event(event: RunEvent): void;
  /** A heading above what follows. */
  heading(text: string): void;
  /** Starts a measured piece of work. `total` is in `unit`s (rows, bytes, moves); absent when nobody knows it. */
  progress(label: string, total: number | undefined, unit: ProgressUnit): Progress;
  /** Shows a picture below what is reported, in place of the last one; undefined takes it away. Absent where no terminal could show one. */
  readonly picture?: (draw: Drawing | undefined) => void;
}

/** Draws a picture into the lines that there is room for. */
export type Drawing = (space: Space) => readonly string[];

export type ProgressUnit = 'rows' | 'bytes' | 'moves' | 'steps' | 'tables' | 'tables and views';

export interface Progress {
  /** The amount done so far, in the unit it was started with; never decreases. */
  update(done: number, detail?: string): void;
  /** Ends the bar; `detail` replaces what it said last. */
  finish(detail?: string): void;
}

/** Milliseconds between two lines of one progress where there is no terminal to redraw. */
const LINE_INTERVAL_MS = 3000;
/** Milliseconds between two redraws on a terminal. */
const FRAME_INTERVAL_MS = 80;

/** Reports to a stream, usually stderr: bars with rate and time left on a terminal, a line every few seconds elsewhere. */
export function streamReporter(stream: Terminal, now: () => number = Date.now): Reporter {
  const tty = stream.isTTY === true;
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    showsColor(stream) ? styleText(format, text) : text;
  const block = new TerminalBlock(stream);
  let drawing: Drawing | undefined;
  let openBar = false;
  const line = (text: string): void => {
    if (openBar) stream.write('\r\x1b[2K');
    openBar = false;
    block.erase();
    stream.write(`${text}\n`);
    if (drawing !== undefined) block.draw(drawing(block.space));
  };
  const picture = (draw: Drawing | undefined): void => {
    drawing = draw;
    if (draw === undefined) block.erase();
    else block.draw(draw(block.space));
  };
  return {
    ...(tty ? { picture } : {}),
    info: (text) => line(`  ${text}`),
    event(event) {
      const text = describeEvent(event);
      if (text === undefined) return;
      line(event.name === 'plan.ready' ? `\n${paint('bold', text)}` : `  ${text}`);
    },
    warn: (text) => line(`${paint('yellow', '! warning:')} ${text}`),
    heading: (text) => line(`\n${paint('bold', text)}`),
    progress(label, total, unit) {
      const started = now();
      let shownAt = tty ? 0 : started;
      let last = { done: 0, detail: '' };
      const render = (): string => {
        const seconds = (now() - started) / 1000;
        return describeProgress({ label, total, unit, seconds, bar: tty, ...last });
      };
      return {
        update(done, detail = '') {
          last = { done, detail };
          if (now() - shownAt < (tty ? FRAME_INTERVAL_MS : LINE_INTERVAL_MS)) return;
          shownAt = now();
          if (!tty) {
            line(`  ${render()}`);
            return;
          }
          stream.write(`\r\x1b[2K  ${render().slice(0, (stream.columns ?? 100) - 3)}`);
          openBar = true;
        },
        finish(detail) {
          if (detail !== undefined) last.detail = detail;
          const seconds = (now() - started) / 1000;
          // Where nobody counted, zero would be a claim.
          const counted = total === undefined && last.done === 0 ? '' : `: ${amount(last.done, unit)}`;
          line(`  ${label}${counted} in ${duration(seconds)}${suffix(last.detail)}`);
        },
      };
    },
  };
}

/** Reports for programs: a line of JSON for each event and each message, and nothing of progress, which events say better. */
export function eventReporter(stream: Terminal): Reporter {
  const line = (value: RunEvent | { readonly name: 'info' | 'warning'; readonly text: string }): void => {
    stream.write(`${JSON.stringify(value)}\n`);
  };
  return {
    ...silentReporter,
    info: (text) => {
      line({ name: 'info', text });
    },
    warn: (text) => {
      line({ name: 'warning', text });
    },
    event: line,
  };
}

/** Keeps silent; for tests and for work nobody watches. */
export const silentReporter: Reporter = {
  info: () => undefined,
  event: () => undefined,
  warn: () => undefined,
  heading: () => undefined,
  progress: () => ({ update: () => undefined, finish: () => undefined }),
};

export interface ProgressView {
  readonly label: string;
  readonly total: number | undefined;
  readonly unit: ProgressUnit;
  readonly done: number;
  readonly seconds: number;
  readonly detail: string;
  readonly bar: boolean;
}

/** One line of progress: how much, how fast, how long still. Pure. */
export function describeProgress(view: ProgressView): string {
  const { label, total, unit, done, seconds, detail } = view;
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = rate > 0 ? `, ${rateText(rate, unit)}` : '';
  if (total === undefined || total <= 0) {
    return `${label}: ${amount(done, unit)}${speed}${suffix(detail)}`;
  }
  const share = Math.min(1, done / total);
  const left = rate > 0 && done < total ? `, ${duration((total - done) / rate)} left` : '';
  const width = 24;
  const filled = Math.round(share * width);
  const bar = view.bar ? ` [${'#'.repeat(filled)}${'.'.repeat(width - filled)}]` : '';
  const percent = `${String(Math.floor(share * 100))} %`;
  return `${label}:${bar} ${percent}, ${amount(done, unit)} of ${amount(total, unit)}${speed}${left}${suffix(detail)}`;
}

function suffix(detail: string): string {
  return detail === '' ? '' : ` (${detail})`;
}

function rateText(perSecond: number, unit: ProgressUnit): string {
  if (unit !== 'rows' && unit !== 'bytes') return `${perSecond.toFixed(2)} ${unit}/s`;
  return `${amount(Math.round(perSecond), unit)}/s`;
}

function amount(value: number, unit: ProgressUnit): string {
  return unit === 'bytes' ? bytes(value) : `${count(value)} ${unit}`;
}

/** `1234567` as `1,234,567`. */
export function count(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

/** A number of bytes in the largest binary unit that keeps it at 1 or more. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(scaled) : scaled.toFixed(1)} ${units[unit] ?? 'B'}`;
}

/** Columns aligned by padding; numbers (right-aligned) are recognised by content. The first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const numeric = widths.map((_, column) =>
    rows.slice(1).every((row) => /^[\d.,]*( ?(B|KiB|MiB|GiB|TiB|%|s|ms))?$/.test(row[column] ?? '')),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
