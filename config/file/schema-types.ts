import { z } from 'zod';
import { oneOf } from '../text/text';

/**
 * The types that schemas are made of. Each message says what belongs there; what is said of a wrong value is put
 * together in {@link violationsOf}.
 */

// Each file is parsed once: compiling the schemas first would take longer than it saves.
z.config({ jitless: true });

/** Text that is not empty. @param what what belongs there, as the message says it */
export const text = (what: string): z.ZodString => z.string({ error: what }).min(1, { error: what });

/** Text of a pattern. @param what what belongs there, as the message says it */
export const matching = (pattern: RegExp, what: string): z.ZodString =>
  text(what).regex(pattern, { error: what });

/** A whole number. @param what what belongs there, as the message says it */
export const int = (what: string): z.ZodInt => z.int({ error: what });

/** A whole number of a range, both ends included. */
export const intBetween = (least: number, most: number): z.ZodInt => {
  const error = `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

/** A number of a range, both ends included. */
export const numberBetween = (least: number, most: number): z.ZodNumber => {
  const error = `a number from ${least} to ${most}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
};

/** A moment to the second and in UTC: any other way to write it would be a change in every plan. */
export const utcSecond = (what: string): z.ZodISODateTime => z.iso.datetime({ precision: 0, error: what });

/** True or false. */
export const flag = (): z.ZodBoolean => z.boolean({ error: 'true or false' });

/** One of some words. */
export const choice = <const T extends readonly string[]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(values, { error: oneOf(values) });

/** A type with one more rule, whose answer follows the value in the message: `, which is ...: do this`. */
export const ruled = <T extends z.ZodType>(
  type: T,
  problemOf: (value: z.output<T>) => string | undefined,
): T =>
  type.superRefine((value, context) => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue(wholeIssue(message));
  });

/** A list in which no value stands twice. `key` is equal for two values that are the same to the service. */
export const unique = <T extends z.ZodArray<z.ZodType<string>>>(
  list: T,
  key = (value: string): string => value,
): T =>
  list.superRefine((values, context) => {
    const keys = values.map(key);
    for (const [index, each] of keys.entries()) {
      if (keys.indexOf(each) === index) continue;
      context.addIssue({ ...wholeIssue(', which is listed before: remove it'), path: [index] });
    }
  });

/** An issue whose message is all that is said after the value. */
function wholeIssue(message: string): { code: 'custom'; message: string; params: { isWhole: true } } {
  return { code: 'custom', message, params: { isWhole: true } };
}

/**
 * An object that has these keys and no other. `what` says what belongs there, as the message of a type does; for an
 * unknown key the message is the list of the keys there are.
 */
export function strictShape<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  what: string,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : what),
  });
}

/** The part of a file that a rule reads; what stands beside it does not matter. */
export const partOf = <Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodType<z.output<z.ZodObject<Shape>>> => z.object(shape);
