-- The two questions Wide World Importers asks of its sensors all day. Goods are kept at 55 to 60 degrees Fahrenheit
-- and 60 to 70 % humidity.

-- name: outliers
-- tasks: all
SELECT device_id,
       count(*) FILTER (WHERE (payload ->> 'humidity')::numeric < 60) AS low_humidity,
       count(*) FILTER (WHERE (payload ->> 'humidity')::numeric > 70) AS high_humidity,
       count(*) FILTER (WHERE (payload ->> 'temperature')::numeric < 55) AS low_temperature,
       count(*) FILTER (WHERE (payload ->> 'temperature')::numeric > 60) AS high_temperature,
       count(*) FILTER (WHERE (payload ->> 'humidity')::numeric BETWEEN 60 AND 70) AS regular_humidity,
       count(*) FILTER (WHERE (payload ->> 'temperature')::numeric BETWEEN 55 AND 60) AS regular_temperature
  FROM events
 GROUP BY device_id;

-- name: device-42
-- tasks: 1
SELECT event_id, device_id, payload, created_at
  FROM events
 WHERE device_id = 42
   AND ((payload ->> 'humidity')::numeric NOT BETWEEN 60 AND 70
     OR (payload ->> 'temperature')::numeric NOT BETWEEN 55 AND 60)
 ORDER BY created_at DESC;
