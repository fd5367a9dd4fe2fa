-- What Woodgrove Bank asks of its payments: the app about one user, the analysts about all of them. Every order is
-- total, so that the answer is the same before and after the tables are distributed.

-- name: user-1
-- tasks: 1
SELECT event_id, event_type, merchant_id, event_details, created_at
  FROM payment_events
 WHERE user_id = 1
 ORDER BY created_at DESC, event_id DESC
 LIMIT 50;

-- name: send-funds-per-hour
-- tasks: all
SELECT date_trunc('hour', created_at) AS hour, count(*) AS payments
  FROM payment_events
 WHERE event_type = 'SendFunds'
 GROUP BY hour
 ORDER BY hour;

-- name: merchants-of-user-1
-- tasks: 1
SELECT m.merchant_id, m.name, count(*) AS payments, sum((e.event_details ->> 'amount')::numeric) AS amount
  FROM payment_events e
  JOIN payment_merchants m ON m.merchant_id = e.merchant_id
 WHERE e.user_id = 1
 GROUP BY m.merchant_id, m.name
 ORDER BY payments DESC, m.merchant_id
 LIMIT 20;

-- name: most-active-users
-- tasks: all
SELECT u.user_id, u.login, count(*) AS payments
  FROM payment_events e
  JOIN payment_users u ON u.user_id = e.user_id
 GROUP BY u.user_id, u.login
 ORDER BY payments DESC, u.user_id
 LIMIT 10;

-- name: opening-hour
-- tasks: all
-- Every shard is asked, and where the payments are partitioned by time, it reads the partition of that hour alone.
SELECT m.merchant_id, m.name, count(*) AS payments, sum((e.event_details ->> 'amount')::numeric) AS amount
  FROM payment_events e
  JOIN payment_merchants m ON m.merchant_id = e.merchant_id
 WHERE e.created_at >= '2022-08-08 00:00' AND e.created_at < '2022-08-08 01:00'
 GROUP BY m.merchant_id, m.name
 ORDER BY payments DESC, m.merchant_id
 LIMIT 10;
