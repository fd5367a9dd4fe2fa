-- Questions to the payments, of every kind that Citus plans in its own way. The test asks Citus for the answers.

-- name: any-of-three
SELECT * FROM payment_events WHERE user_id IN (1,2,3);

-- name: either-of-two
SELECT * FROM payment_events WHERE user_id = 1 OR user_id = 2;

-- name: join-pin
SELECT * FROM payment_events e JOIN payment_users u USING (user_id) WHERE u.user_id = 7;

-- name: left-join-pin
SELECT * FROM payment_users u LEFT JOIN payment_events e USING (user_id) WHERE u.user_id = 7;

-- name: left-join
SELECT count(*) FROM payment_users u LEFT JOIN payment_events e USING (user_id);

-- name: two-events
SELECT count(*) FROM payment_events a JOIN payment_events b ON a.merchant_id = b.merchant_id;

-- name: outer-repart
SELECT count(*) FROM payment_events a LEFT JOIN payment_events b ON a.merchant_id = b.merchant_id;

-- name: sub-group
SELECT u.login, x.n FROM payment_users u JOIN (SELECT user_id, count(*) n FROM payment_events GROUP BY user_id) x ON x.user_id = u.user_id;

-- name: sub-group-other
SELECT u.login, x.n FROM payment_users u JOIN (SELECT merchant_id, count(*) n FROM payment_events GROUP BY merchant_id) x ON x.merchant_id = u.user_id;

-- name: in-sub
SELECT * FROM payment_users WHERE user_id IN (SELECT user_id FROM payment_events WHERE merchant_id = 3);

-- name: in-sub-other
SELECT * FROM payment_users WHERE user_id IN (SELECT merchant_id FROM payment_events);

-- name: exists-corr
SELECT * FROM payment_users u WHERE EXISTS (SELECT 1 FROM payment_events e WHERE e.user_id = u.user_id);

-- name: exists-other
SELECT * FROM payment_users u WHERE EXISTS (SELECT 1 FROM payment_events e WHERE e.merchant_id = u.user_id);

-- name: scalar
SELECT * FROM payment_users WHERE user_id = (SELECT max(user_id) FROM payment_events);

-- name: for-update
SELECT * FROM payment_users FOR UPDATE;

-- name: for-update-one
SELECT * FROM payment_users WHERE user_id = 3 FOR UPDATE;

-- name: cube
SELECT event_type, merchant_id, count(*) FROM payment_events GROUP BY CUBE (event_type, merchant_id);

-- name: recursive
WITH RECURSIVE r AS (SELECT user_id FROM payment_users WHERE login = 'l1' UNION SELECT e.merchant_id FROM r JOIN payment_events e ON e.user_id = r.user_id) SELECT * FROM r;

-- name: union
SELECT user_id FROM payment_users UNION SELECT user_id FROM payment_events;

-- name: union-all
SELECT user_id FROM payment_users UNION ALL SELECT merchant_id FROM payment_events;

-- name: window
SELECT user_id, rank() OVER (ORDER BY created_at) FROM payment_events;

-- name: cte-twice
WITH x AS (SELECT user_id, count(*) n FROM payment_events GROUP BY user_id) SELECT * FROM x a JOIN x b USING (user_id);

-- name: cte-mat
WITH x AS MATERIALIZED (SELECT user_id FROM payment_events WHERE merchant_id = 2) SELECT * FROM payment_users JOIN x USING (user_id);

-- name: insert-one
INSERT INTO payment_events (event_type, user_id, merchant_id, event_details) VALUES ('SendFunds', 5, 3, '{}');

-- name: insert-many
INSERT INTO payment_events (event_type, user_id, merchant_id, event_details) VALUES ('SendFunds', 5, 3, '{}'), ('SendFunds', 6, 3, '{}');

-- name: insert-default
INSERT INTO payment_users (url, login, avatar_url) VALUES ('a','b','c');

-- name: insert-null
INSERT INTO payment_events (event_type, merchant_id, event_details) VALUES ('SendFunds', 3, '{}');

-- name: update-all
UPDATE payment_users SET login = 'x';

-- name: update-one
UPDATE payment_users SET login = 'x' WHERE user_id = 4;

-- name: update-dist
UPDATE payment_events SET user_id = 3 WHERE event_id = 4;

-- name: update-from
UPDATE payment_users u SET login = 'x' FROM payment_events e WHERE e.user_id = u.user_id AND e.merchant_id = 3;

-- name: update-from-other
UPDATE payment_users u SET login = 'x' FROM payment_events e WHERE e.merchant_id = u.user_id;

-- name: delete-sub
DELETE FROM payment_events WHERE user_id IN (SELECT user_id FROM payment_users WHERE login = 'x');

-- name: insert-select
INSERT INTO payment_events (event_type, user_id, merchant_id, event_details) SELECT 'SendFunds', user_id, 1, '{}' FROM payment_users;

-- name: ref-only
SELECT * FROM payment_merchants m JOIN event_types t ON t.event_type = m.name;

-- name: ref-update
UPDATE payment_merchants SET name = 'x' WHERE merchant_id = 3;

-- name: ref-left-dist
SELECT count(*) FROM payment_merchants m LEFT JOIN payment_events e USING (merchant_id);

-- name: dist-left-ref
SELECT count(*) FROM payment_events e LEFT JOIN payment_merchants m USING (merchant_id);

-- name: cross
SELECT count(*) FROM payment_events e, payment_users u;

-- name: target-corr
SELECT u.login, (SELECT count(*) FROM payment_events e WHERE e.user_id = u.user_id) FROM payment_users u;

-- name: limit-sub
SELECT * FROM (SELECT * FROM payment_events ORDER BY created_at LIMIT 5) x JOIN payment_users u USING (user_id);

-- name: distinct
SELECT count(DISTINCT merchant_id) FROM payment_events;

-- name: on-conflict
INSERT INTO payment_users (user_id, url, login, avatar_url) VALUES (1,'a','b','c') ON CONFLICT (user_id) DO UPDATE SET login = excluded.login;

-- name: lateral
SELECT u.login, x.* FROM payment_users u CROSS JOIN LATERAL (SELECT * FROM payment_events e WHERE e.user_id = u.user_id ORDER BY created_at LIMIT 3) x;

-- name: cte-delete
WITH gone AS (DELETE FROM payment_events WHERE user_id = 9 RETURNING *) SELECT count(*) FROM gone;

-- name: not-in
SELECT * FROM payment_users WHERE user_id NOT IN (SELECT user_id FROM payment_events);

-- name: having
SELECT merchant_id, count(*) FROM payment_events GROUP BY 1 HAVING count(*) > 3;

-- name: full
SELECT count(*) FROM payment_users u FULL JOIN payment_events e USING (user_id);

-- name: single-repart
SELECT count(*) FROM payment_users u JOIN payment_events e ON e.merchant_id = u.user_id;

-- name: window-part
SELECT * FROM (SELECT user_id, rank() OVER (PARTITION BY user_id ORDER BY created_at) r FROM payment_events) x JOIN payment_users USING (user_id) WHERE r = 1;

-- name: rename-group
SELECT u.login, x.n FROM payment_users u JOIN (SELECT user_id AS who, count(*) n FROM payment_events GROUP BY user_id) x ON x.who = u.user_id;

-- name: in-pins-one
SELECT * FROM payment_events WHERE user_id IN (1);

-- name: value-as-text
SELECT * FROM payment_events WHERE user_id = '42';

-- name: text
SELECT * FROM payment_events WHERE user_id::text = '42';

-- name: explicit-numeric
SELECT * FROM payment_events WHERE user_id::numeric = 42;

-- name: smallint
SELECT * FROM payment_events WHERE user_id = 42::smallint;

-- name: two-pins
SELECT count(*) FROM payment_events e, payment_users u WHERE e.user_id = 3 AND u.user_id = 1;

-- name: corr-other
SELECT u.login, (SELECT count(*) FROM payment_events e WHERE e.merchant_id = u.user_id) FROM payment_users u;

-- name: lateral-other
SELECT u.login, x.* FROM payment_users u CROSS JOIN LATERAL (SELECT * FROM payment_events e WHERE e.merchant_id = u.user_id ORDER BY created_at LIMIT 3) x;

-- name: ref-left-pinned
SELECT count(*) FROM payment_merchants m LEFT JOIN payment_events e ON e.merchant_id = m.merchant_id AND e.user_id = 3;

-- name: insert-select-ref
INSERT INTO payment_merchants (name, url) SELECT login, url FROM payment_users;

-- name: insert-select-from-ref
INSERT INTO payment_users (url, login, avatar_url) SELECT url, name, 'a' FROM payment_merchants;

-- name: three
SELECT count(*) FROM payment_users u JOIN payment_events e USING (user_id) JOIN payment_merchants m USING (merchant_id) JOIN event_types t USING (event_type);

-- name: delete-using-pin
DELETE FROM payment_events e USING payment_users u WHERE e.user_id = u.user_id AND u.user_id = 3;

-- Lists of values: by the shards of their hashes. Of the bigints up to 32, 1, 15 and 25 share a shard, as do 4, 7 and 14.

-- name: same-shard-list
SELECT * FROM payment_events WHERE user_id IN (1, 15, 25);

-- name: some-share
SELECT * FROM payment_events WHERE user_id IN (1, 15, 4, 7, 3, 3);

-- name: list-with-null
SELECT * FROM payment_events WHERE user_id IN (1, NULL);

-- name: list-and-list
SELECT * FROM payment_events WHERE user_id IN (1, 2, 3) AND user_id IN (3, 4);

-- name: list-and-value
SELECT * FROM payment_events WHERE user_id IN (1, 2, 3) AND user_id = 3;

-- name: value-or-list
SELECT * FROM payment_events WHERE user_id = 1 OR (user_id IN (2, 3) AND merchant_id = 3);

-- name: value-or-other
SELECT * FROM payment_events WHERE user_id = 1 OR merchant_id = 2;

-- name: pairs
SELECT * FROM payment_events WHERE (user_id, event_id) IN ((1, 2), (3, 4), (15, 1));

-- name: any-array
SELECT * FROM payment_events WHERE user_id = ANY (ARRAY[1, 2, 15]::bigint[]);

-- name: not-in-list
SELECT * FROM payment_events WHERE user_id NOT IN (1, 2);

-- name: join-list
SELECT count(*) FROM payment_events e JOIN payment_users u USING (user_id) WHERE u.user_id IN (1, 2, 3);

-- name: join-two-lists
SELECT count(*) FROM payment_events e JOIN payment_users u USING (user_id) WHERE e.user_id IN (1, 2, 3) AND u.user_id IN (3, 4, 5);

-- name: join-same-shard
SELECT count(*) FROM payment_events e JOIN payment_users u USING (user_id) WHERE e.user_id IN (1, 15);

-- name: left-join-list
SELECT count(*) FROM payment_users u LEFT JOIN payment_events e USING (user_id) WHERE u.user_id IN (1, 2, 3);

-- name: left-join-list-filling
SELECT count(*) FROM payment_users u LEFT JOIN payment_events e ON e.user_id = u.user_id AND e.user_id IN (1, 2, 3);

-- name: left-join-both-lists
SELECT count(*) FROM payment_users u LEFT JOIN payment_events e ON e.user_id = u.user_id AND e.user_id IN (1, 2, 3) WHERE u.user_id IN (1, 2);

-- name: full-join-list
SELECT count(*) FROM payment_users u FULL JOIN payment_events e USING (user_id) WHERE u.user_id IN (1, 2);

-- name: cross-lists
SELECT count(*) FROM payment_events e, payment_users u WHERE e.user_id IN (1, 2) AND u.user_id IN (1, 2);

-- name: cross-lists-same-shard
SELECT count(*) FROM payment_events e, payment_users u WHERE e.user_id IN (1, 15) AND u.user_id IN (25, 15);

-- name: exists-list
SELECT count(*) FROM payment_users u WHERE user_id IN (1, 2) AND EXISTS (SELECT 1 FROM payment_events e WHERE e.user_id = u.user_id);

-- name: exists-both-lists
SELECT count(*) FROM payment_users u WHERE user_id IN (1, 2) AND EXISTS (SELECT 1 FROM payment_events e WHERE e.user_id = u.user_id AND e.user_id IN (2, 3));

-- name: in-sub-list
SELECT count(*) FROM payment_users WHERE user_id IN (SELECT user_id FROM payment_events WHERE user_id IN (1, 2, 3));

-- name: sub-group-list
SELECT u.login, x.n FROM payment_users u JOIN (SELECT user_id, count(*) n FROM payment_events WHERE user_id IN (1, 2, 3) GROUP BY user_id) x USING (user_id);

-- name: sub-group-both-lists
SELECT u.login, x.n FROM payment_users u JOIN (SELECT user_id, count(*) n FROM payment_events WHERE user_id IN (1, 2, 3) GROUP BY user_id) x USING (user_id) WHERE u.user_id IN (3, 4);

-- name: group-list
SELECT user_id, count(*) FROM payment_events WHERE user_id IN (1, 2, 15) GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 LIMIT 3;

-- name: group-outside-list
SELECT * FROM (SELECT user_id, count(*) n FROM payment_events WHERE merchant_id IN (1, 2, 3) GROUP BY 1) x WHERE user_id IN (1, 2);

-- name: with-list
WITH x AS (SELECT * FROM payment_events WHERE user_id IN (1, 2, 3)) SELECT count(*) FROM x;

-- name: for-update-list
SELECT * FROM payment_users WHERE user_id IN (1, 2) FOR UPDATE;

-- name: for-update-same-shard
SELECT * FROM payment_users WHERE user_id IN (1, 15) FOR UPDATE;

-- name: update-list
UPDATE payment_events SET merchant_id = 1 WHERE user_id IN (1, 2, 3, 15);

-- name: delete-list
DELETE FROM payment_events WHERE user_id = 1 OR user_id = 2;

-- name: update-from-list
UPDATE payment_users u SET login = 'x' FROM payment_events e WHERE e.user_id = u.user_id AND e.user_id IN (1, 2, 3);

-- name: update-from-both-lists
UPDATE payment_users u SET login = 'x' FROM payment_events e WHERE e.user_id = u.user_id AND e.user_id IN (1, 2, 3) AND u.user_id IN (1, 2, 3);

-- Two constants on two tables of one group: Citus answers where they share a shard.

-- name: two-pins-same-shard
SELECT count(*) FROM payment_events e, payment_users u WHERE e.user_id = 1 AND u.user_id = 15;

-- name: two-pins-joined
SELECT count(*) FROM payment_events e JOIN payment_users u ON e.merchant_id = u.user_id WHERE e.user_id = 1 AND u.user_id = 9;

-- name: two-pins-joined-same-shard
SELECT count(*) FROM payment_events e JOIN payment_users u ON e.merchant_id = u.user_id WHERE e.user_id = 1 AND u.user_id = 15;

-- name: two-pins-outer
SELECT count(*) FROM payment_users u LEFT JOIN payment_events e ON e.merchant_id = u.user_id AND e.user_id = 9 WHERE u.user_id = 1;

-- name: two-pins-outer-same-shard
SELECT count(*) FROM payment_users u LEFT JOIN payment_events e ON e.merchant_id = u.user_id AND e.user_id = 15 WHERE u.user_id = 1;

-- name: two-pins-exists
SELECT count(*) FROM payment_users u WHERE user_id = 1 AND EXISTS (SELECT 1 FROM payment_events e WHERE e.user_id = 9);

-- name: two-pins-update
UPDATE payment_events e SET merchant_id = 1 FROM payment_users u WHERE u.user_id = 9 AND e.user_id = 1;

-- name: two-pins-update-same-shard
UPDATE payment_events e SET merchant_id = 1 FROM payment_users u WHERE u.user_id = 15 AND e.user_id = 1;

-- name: recursive-same-shard
WITH RECURSIVE r AS (SELECT user_id FROM payment_users WHERE user_id = 1 UNION SELECT e.user_id FROM r JOIN payment_events e ON e.merchant_id = r.user_id AND e.user_id = 15) SELECT * FROM r;
