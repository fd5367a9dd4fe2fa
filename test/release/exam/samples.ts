import { judgePlan } from '../../../scripts/infra/judged-plan';
import { parsePlan } from '../../../scripts/infra/guards/plan-json';
import { parseSynthesized } from '../../../scripts/audit/stack/synthesized';
import { composeBundle } from '../../../scripts/release/bundle';
import type { BundleFiles } from '../../../scripts/release/bundle';
import { lockedProviders } from '../../../scripts/release/lock-file';
import { readPlan } from '../../../scripts/release/plan-meaning';
import { reviewOf } from '../../../scripts/release/review';
import { releaseOf } from '../../../scripts/release/release';
import { bytesDigest } from '../../../scripts/lib/digest';
import { RIGHT } from './seal';
import { planDocument } from './plan-document';

export const NOW = Date.parse('2026-12-01T08:00:00Z');

const LOCK = `# This file is maintained automatically by "terraform init".

provider "registry.terraform.io/hashicorp/azurerm" {
  version     = "4.55.0"
  constraints = "4.55.0"
  hashes = [
    "h1:KtnMNAzYT7wmCvLWVDPTIDPFcKbVbfJXvPJf8xJpbWo=",
    "zh:0000000000000000000000000000000000000000000000000000000000000001",
  ]
}
`;

function stackText(environment: string): string {
  const path = (name: string): object => ({ metadata: { path: `${environment}/${name}` } });
  return JSON.stringify(
    {
      terraform: { required_providers: { azurerm: { source: 'hashicorp/azurerm', version: '4.55.0' } } },
      variable: { admin_password: { type: 'string', sensitive: true } },
      resource: {
        azurerm_cosmosdb_postgresql_cluster: {
          Cluster: { '//': path('Cluster'), name: `wwi-sensors-${environment}`, node_count: 2 },
        },
        azurerm_cosmosdb_postgresql_firewall_rule: {
          office: { '//': path('office'), start_ip_address: '203.0.113.8', end_ip_address: '203.0.113.15' },
        },
      },
    },
    undefined,
    2,
  );
}

/** A bundle as a run of `plan` writes it, of the exam's plan with some of its texts replaced. */
export function sampleBundle(
  environment = 'dev',
  replace: (plan: string) => string = (plan) => plan,
  day = '2026-11-30',
): BundleFiles {
  const text = replace(JSON.stringify(planDocument()));
  const read = readPlan(text);
  const stack = parseSynthesized(stackText(environment), environment, 'cdk.tf.json');
  const terraformPlan = parsePlan(text);
  const judged = judgePlan({ environment, synthesized: stack, missingPasswords: new Map() }, terraformPlan, [
    'delete-lock:keep',
  ]);
  const tool = { name: 'scaleout', version: '0.1.0', commit: '0'.repeat(40) };
  return composeBundle({
    environment,
    createdAt: `${day}T19:00:00.000Z`,
    tables: 'no database is at hand',
    plan: {
      ...reviewOf(environment, terraformPlan, read, judged),
      review: { ...reviewOf(environment, terraformPlan, read, judged).review, ok: true },
    },
    audit: {
      formatVersion: 1,
      kind: 'scaleout audit',
      environment,
      verdict: 'passed',
      policyDigest: bytesDigest('policy'),
      document: {
        formatVersion: 1,
        findings: [],
        counts: { error: 0, warning: 1, waived: 0, afterAdoption: 0, compliant: 90, notApplicable: 4 },
        notes: [],
      },
    },
    versions: { formatVersion: 1, tool, terraform: '1.11.4', providers: lockedProviders(LOCK) },
    release: releaseOf([
      { path: 'package-lock.json', sha256: bytesDigest('packages') },
      { path: 'stacks/main.ts', sha256: bytesDigest(day) },
    ]),
    stackText: stackText(environment),
    lockText: LOCK,
    secrets: read.secrets,
    key: RIGHT.privateKey,
  });
}

/** The bundles of the exam: one, and those that files are taken from. */
export function sampleBundles() {
  const elsewhere = (plan: string): string =>
    plan.replaceAll('00000000-0000-0000-0000-000000000000', '11111111-1111-1111-1111-111111111111');
  return {
    right: sampleBundle(),
    prod: sampleBundle('prod', (plan) => plan.replaceAll('wwi-sensors-dev', 'wwi-sensors-prod')),
    earlier: sampleBundle('dev', (plan) => plan.replace('"node_count":2', '"node_count":3'), '2026-11-01'),
    elsewhere: sampleBundle('dev', elsewhere),
  };
}
