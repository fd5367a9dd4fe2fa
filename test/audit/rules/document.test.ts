import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rulesFile } from '../../../scripts/audit/rules-document';
import { RULES } from '../../../scripts/audit/rules';

describe('docs/audit-rules.md', () => {
  it('says what the rules say (npm run schemas writes it)', () => {
    const { path: file, text } = rulesFile();
    expect(readFileSync(path.resolve(__dirname, '../../..', file), 'utf8')).toBe(text);
  });

  it.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s says why, what to do, and what it serves',
    (_, { why, remedy, controls }) => {
      for (const sentence of [why, remedy]) expect(sentence).toMatch(/^[A-Z].+\.$/);
      expect(controls.length).toBeGreaterThan(0);
      for (const control of controls) {
        expect(control).toMatch(/^(MCSB [A-Z]{2}-\d+|CIS \d+(\.\d+)+|CKV2?_AZURE_\d+)$/);
      }
    },
  );
});
