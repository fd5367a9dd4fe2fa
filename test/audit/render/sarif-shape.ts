import { z } from 'zod';

/**
 * The shape of SARIF 2.1.0 as far as this project writes it, by hand after the sections of the specification that are named: the schema
 * itself is under the terms of OASIS. Strict, so that a property of our own outside a property bag is told.
 */
const uri = z
  .string()
  .min(1)
  .regex(/^[^\s\\]+$/);
const text = z.strictObject({ text: z.string().min(1), markdown: z.string().optional() });
/** § 3.8 */
const bag = z.record(z.string(), z.unknown());
const level = z.enum(['none', 'note', 'warning', 'error']);
/** § 3.4 */
const artifactLocation = z.strictObject({ uri, uriBaseId: z.string().optional() });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** § 3.49 */
const reportingDescriptor = z.strictObject({
  id: z.string().min(1),
  shortDescription: text,
  fullDescription: text,
  help: text,
  defaultConfiguration: z.strictObject({ level }),
  properties: bag.and(z.object({ tags: z.array(z.string()).refine(unique) })).optional(),
});

/** § 3.27 */
const result = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.int().min(0),
  level,
  message: text,
  locations: z
    .array(
      z.strictObject({
        physicalLocation: z.strictObject({
          artifactLocation,
          region: z.strictObject({ startLine: z.int().min(1) }),
        }),
        logicalLocations: z.array(
          z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.literal('resource') }),
        ),
      }),
    )
    .min(1),
  partialFingerprints: z.record(z.string(), z.string()),
  suppressions: z
    .array(
      z.strictObject({
        kind: z.enum(['inSource', 'external']),
        status: z.enum(['accepted', 'underReview', 'rejected']),
        justification: z.string(),
      }),
    )
    .optional(),
  properties: bag,
});

/** § 3.14 */
const run = z
  .strictObject({
    tool: z.strictObject({
      driver: z.strictObject({
        name: z.string().min(1),
        version: z.string().optional(),
        rules: z.array(reportingDescriptor).refine((rules) => unique(rules.map(({ id }) => id))),
      }),
    }),
    automationDetails: z.strictObject({ id: z.string() }),
    invocations: z.array(
      z.strictObject({
        executionSuccessful: z.boolean(),
        endTimeUtc: z.iso.datetime().optional(),
        toolExecutionNotifications: z.array(z.strictObject({ level, message: text })),
      }),
    ),
    columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
    artifacts: z
      .array(z.strictObject({ location: artifactLocation, hashes: z.strictObject({ 'sha-256': sha256 }) }))
      .optional(),
    results: z.array(result),
    properties: bag,
  })
  .refine(
    ({ tool, results }) => results.every((each) => tool.driver.rules[each.ruleIndex]?.id === each.ruleId),
    {
      error: 'ruleIndex names the rule of ruleId (§ 3.27.6)',
    },
  );

/** § 3.13 */
export const sarifLog = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(run).length(1),
});

function unique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
