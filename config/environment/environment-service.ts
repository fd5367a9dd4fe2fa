import { z } from 'zod';
import type { Service } from '../azure/postgres-services';
import { DEFAULT_SERVICE, SERVICES } from '../azure/postgres-services';

const named = z.object({ service: z.enum(SERVICES).default(DEFAULT_SERVICE) });

/** The service whose cluster a file, as written, is about; that it names none means the default. */
export function serviceOf(data: unknown): Service | undefined {
  return named.safeParse(data).data?.service;
}

/** Whether a file, as written, is about a cluster of a service. */
export function isOfService(data: unknown, service: Service): boolean {
  return serviceOf(data) === service;
}

/** The part of a file that says it, for rules that read something beside it. */
export const readsService = z.enum(SERVICES).default(DEFAULT_SERVICE);
