/** `scale-first` adds the workers and then distributes; `distribute-first` distributes on one node. */
export const ORDERS = ['scale-first', 'distribute-first'] as const;
export type Order = (typeof ORDERS)[number];
