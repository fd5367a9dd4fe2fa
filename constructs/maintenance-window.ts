import type { MaintenanceWindow } from '../config/azure/service-limits';
import { DAYS_OF_WEEK } from '../config/azure/service-limits';

/** The block as the provider takes it, which counts days from Sunday; nothing where Azure chooses. */
export function maintenanceWindowArgument(window: MaintenanceWindow | undefined): {
  readonly maintenanceWindow?: {
    readonly dayOfWeek: number;
    readonly startHour: number;
    readonly startMinute: number;
  };
} {
  if (window === undefined) return {};
  const { day, startHour, startMinute } = window;
  return { maintenanceWindow: { dayOfWeek: DAYS_OF_WEEK.indexOf(day), startHour, startMinute } };
}
