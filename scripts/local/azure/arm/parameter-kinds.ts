/** Kinds of server parameters, by what they take. A value is a plain number, without a unit. */

export interface Parameter {
  readonly dataType: 'Boolean' | 'Enumeration' | 'Integer' | 'Numeric' | 'Set' | 'String';
  readonly defaultValue: string;
  /** As the service spells them: `on,off`, or `1-1000`; empty for any text. */
  readonly allowedValues: string;
  /** Whether a change waits for a restart. */
  readonly requiresRestart: boolean;
  readonly allows: (value: string) => boolean;
}

export const BIG = 2_147_483_647;

export function choice(defaultValue: string, ...others: readonly string[]): Parameter {
  const values = [defaultValue, ...others];
  return {
    dataType: 'Enumeration',
    defaultValue,
    allowedValues: values.join(','),
    requiresRestart: false,
    allows: (value) => values.includes(value),
  };
}

export const toggle = (defaultValue: 'on' | 'off'): Parameter => ({
  ...choice(defaultValue, defaultValue === 'on' ? 'off' : 'on'),
  dataType: 'Boolean',
  allowedValues: 'on,off',
});

function range(
  dataType: 'Integer' | 'Numeric',
  format: RegExp,
  defaultValue: number,
  from: number,
  to: number,
): Parameter {
  return {
    dataType,
    defaultValue: String(defaultValue),
    allowedValues: `${String(from)}-${String(to)}`,
    requiresRestart: false,
    allows: (value) => format.test(value) && Number(value) >= from && Number(value) <= to,
  };
}
export const integer = (defaultValue: number, from: number, to: number): Parameter =>
  range('Integer', /^-?\d+$/, defaultValue, from, to);
export const numeric = (defaultValue: number, from: number, to: number): Parameter =>
  range('Numeric', /^-?\d+(\.\d+)?$/, defaultValue, from, to);
export const text = (defaultValue: string): Parameter => ({
  // The service has no word for plain text.
  dataType: 'Enumeration',
  defaultValue,
  allowedValues: '',
  requiresRestart: false,
  allows: () => true,
});
export const restarting = (parameter: Parameter): Parameter => ({ ...parameter, requiresRestart: true });
