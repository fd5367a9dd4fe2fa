/**
 * What the service runs: PostgreSQL majors with the last day each is supported, and the Citus versions offered with
 * them. Source: the service's version policy. A retired major cannot be created any more, and gets no fixes.
 */
export const POSTGRES_VERSIONS = {
  '13': { supportedUntil: '2025-11-13', citus: ['11.3'] },
  '14': { supportedUntil: '2026-11-12', citus: ['12.1'] },
  '15': { supportedUntil: '2027-11-11', citus: ['12.1'] },
  '16': { supportedUntil: '2028-11-09', citus: ['12.1'] },
} as const satisfies Record<string, { supportedUntil: string; citus: readonly string[] }>;

/** Days before the end of support in which a version is warned about: time to plan an upgrade. */
export const RETIREMENT_NOTICE_DAYS = 180;
