import { z } from 'zod';
import { oneOf } from '../text/text';

/** The types that schemas of YAML files are made of. Each message says what belongs there; the parser adds the rest. */

export const text = (what: string): z.ZodString => z.string({ error: what }).min(1, { error: what });

export const matching = (pattern: RegExp, what: string): z.ZodString =>
  text(what).regex(pattern, { error: what });

export const int = (what: string): z.ZodInt => z.int({ error: what });

export const intBetween = (least: number, most: number): z.ZodInt => {
  const error = `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

export const flag = (): z.ZodBoolean => z.boolean({ error: 'true or false' });

export const choice = <const T extends readonly string[]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(values, { error: oneOf(values) });
