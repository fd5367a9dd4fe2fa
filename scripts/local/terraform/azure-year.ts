/**
 * The Azure of a rehearsal: `today` refuses clusters that begin empty, so one is there already and is adopted; in `2025`
 * it is created.
 */
export const AZURE_YEARS = ['today', '2025'] as const;
export type AzureYear = (typeof AZURE_YEARS)[number];
