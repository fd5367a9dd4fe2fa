import { createHash } from 'node:crypto';

/** Keys in one order, so that equal values have equal text. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, canonical(each)]),
  );
}

/** SHA-256 of a value's JSON, in hexadecimal. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** SHA-256 of a content, whatever the order of its keys. No signature: who can edit can also make one. */
export function contentDigest(content: object): string {
  return `sha256:${digest(canonical(content))}`;
}

/** SHA-256 of bytes, as `sha256:` and hexadecimal digits. */
export function bytesDigest(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Whether a sealed value is as it was sealed. */
export function isIntact(content: { readonly digest?: unknown }): boolean {
  const { digest: claimed, ...rest } = content;
  return claimed === contentDigest(rest);
}
