-- Wide World Importers' sensors, as they stand on one node: readings of devices in trucks and warehouses.

CREATE TABLE device_types (
  device_type_id serial PRIMARY KEY,
  device_type text NOT NULL UNIQUE
);

CREATE TABLE devices (
  device_id serial PRIMARY KEY,
  device_type_id integer NOT NULL REFERENCES device_types,
  name text NOT NULL
);

CREATE TABLE events (
  event_id bigserial PRIMARY KEY,
  device_id integer NOT NULL REFERENCES devices,
  payload jsonb NOT NULL,
  created_at timestamp NOT NULL DEFAULT now()
);

CREATE INDEX events_payload ON events USING gin (payload);
