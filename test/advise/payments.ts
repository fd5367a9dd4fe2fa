import { loadWorkload } from '../../config/workload/workload';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { query } from '../tables/support/sensors';

/** The payments on one node, with rows: four times as many payments as users, and few merchants. */
export async function createPayments(target: ConnectionTarget, events: number): Promise<void> {
  const users = Math.ceil(events / 4);
  await query(target, (await loadWorkload('payments')).schemaSql);
  await query(
    target,
    `INSERT INTO event_types SELECT kind, kind FROM unnest(ARRAY['SendFunds', 'RequestFunds', 'GiveFunds']) kind`,
  );
  await query(
    target,
    `INSERT INTO payment_merchants (name, url) SELECT 'merchant ' || i, 'url' FROM generate_series(1, 50) i`,
  );
  await query(
    target,
    `INSERT INTO payment_users (url, login, avatar_url) SELECT 'url', 'user ' || i, 'avatar' FROM generate_series(1, ${String(users)}) i`,
  );
  await query(
    target,
    `INSERT INTO payment_events (event_type, user_id, merchant_id, event_details)
       SELECT (ARRAY['SendFunds', 'RequestFunds', 'GiveFunds'])[1 + i % 3], 1 + i % ${String(users)}, 1 + i % 50, '{"amount": 5}'
         FROM generate_series(1, ${String(events)}) i`,
  );
}
