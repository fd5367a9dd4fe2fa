-- Woodgrove Bank's contactless payments on one node, partitioned by time, so that a question about a day reads that day
-- alone and old payments go with a DROP TABLE. Only payment_events differs from schema.sql.

CREATE TABLE event_types (
  event_type text PRIMARY KEY,
  description text NOT NULL
);

CREATE TABLE payment_merchants (
  merchant_id bigserial PRIMARY KEY,
  name text NOT NULL,
  url text NOT NULL
);

CREATE TABLE payment_users (
  user_id bigserial PRIMARY KEY,
  url text NOT NULL,
  login text NOT NULL,
  avatar_url text NOT NULL
);

-- A key of a partitioned table holds the column it is partitioned by.
CREATE TABLE payment_events (
  event_id bigserial,
  event_type text NOT NULL REFERENCES event_types,
  user_id bigint NOT NULL REFERENCES payment_users,
  merchant_id bigint NOT NULL REFERENCES payment_merchants,
  event_details jsonb NOT NULL,
  created_at timestamp NOT NULL DEFAULT now(),
  PRIMARY KEY (event_id, created_at)
) PARTITION BY RANGE (created_at);

CREATE INDEX payment_events_of_user ON payment_events (user_id, created_at);

-- Partitions come with the payments: a payment of a time that has none is refused. There is no DEFAULT partition on
-- purpose, for it would have to be read from end to end before each new partition beside it.
