import { generateSchemas } from '../../config/schemas';

test('they refuse what the parsers refuse: an unknown key, a table of two kinds', () => {
  const schemas = Object.fromEntries(
    generateSchemas().map(({ path, text }) => [path, JSON.parse(text) as Record<string, unknown>]),
  );
  expect(schemas['config/schemas/environment.schema.json']).toMatchObject({
    oneOf: [
      { additionalProperties: false },
      { additionalProperties: false, required: expect.arrayContaining(['service']) as unknown },
    ],
  });
  expect(schemas['config/schemas/distribution.schema.json']).toMatchObject({
    properties: {
      tables: {
        additionalProperties: {
          additionalProperties: false,
          oneOf: [{ required: ['reference'] }, { required: ['local'] }, { required: ['distributeBy'] }],
        },
      },
    },
  });
});
