/**
 * As much of DER (ITU-T X.690) as an X.509 certificate needs: every value is a tag, a length and the content.
 */

export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...length(body.length)]), body]);
}

/** Below 128 one octet; above, the number of octets that follow, and those. */
function length(value: number): number[] {
  if (value < 0x80) return [value];
  const octets: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => der(0x31, ...items);
export const octets = (content: Uint8Array): Buffer => der(0x04, content);
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0x00]));
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'));
/** A tag of the context: `[number]`, constructed when it wraps other values, primitive when it replaces one's tag. */
export const constructed = (number: number, ...items: readonly Uint8Array[]): Buffer =>
  der(0xa0 | number, ...items);
export const primitive = (number: number, content: Uint8Array): Buffer => der(0x80 | number, content);

/** A whole number that is not negative, from its octets, most significant first. */
export function integer(magnitude: Uint8Array): Buffer {
  let first = 0;
  while (first < magnitude.length - 1 && magnitude[first] === 0) first += 1;
  const trimmed = magnitude.subarray(first);
  // The top bit is the sign: a leading zero keeps the number positive.
  const sign = (trimmed[0] ?? 0) >= 0x80 ? [0] : [];
  return der(0x02, Buffer.from(sign), trimmed);
}

/** Whole octets only: no bit of the last one is unused. */
export const bits = (content: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.from([unused]), content);

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const encoded = [first * 40 + second, ...rest].flatMap((part) => {
    const septets = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) {
      septets.unshift((left % 128) | 0x80);
    }
    return septets;
  });
  return der(0x06, Buffer.from(encoded));
}

/** A moment, to the second, in UTC. */
export function time(moment: Date): Buffer {
  const digits = moment.toISOString().replace(/[-:T]|\.\d+/g, '');
  // Years before 2050 have two digits in a certificate, later ones four (RFC 5280, 4.1.2.5).
  return moment.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2), 'ascii'))
    : der(0x18, Buffer.from(digits, 'ascii'));
}
