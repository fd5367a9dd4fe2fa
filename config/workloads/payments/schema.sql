-- Woodgrove Bank's contactless payments, as they stand on one node: users, the merchants they pay, and every payment.

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

CREATE TABLE payment_events (
  event_id bigserial PRIMARY KEY,
  event_type text NOT NULL REFERENCES event_types,
  user_id bigint NOT NULL REFERENCES payment_users,
  merchant_id bigint NOT NULL REFERENCES payment_merchants,
  event_details jsonb NOT NULL,
  created_at timestamp NOT NULL DEFAULT now()
);

CREATE INDEX payment_events_of_user ON payment_events (user_id, created_at);
