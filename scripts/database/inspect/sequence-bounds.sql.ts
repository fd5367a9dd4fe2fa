/** A bound of a sequence. Citus gives a sequence the type of its column, and with it the bounds of that type for those of its own. */
export function bound(value: string): string {
  return `CASE WHEN ${value} IN (-32768, -2147483648, -9223372036854775808) THEN 'lowest'
              WHEN ${value} IN (32767, 2147483647, 9223372036854775807) THEN 'highest' ELSE ${value}::text END`;
}
