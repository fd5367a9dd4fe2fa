import { psqlScript } from '../../scripts/bench/psql-script';

describe('psqlScript', () => {
  it('keeps the order, and puts a transaction around the steps that are one', () => {
    expect(
      psqlScript([
        { sql: ['CREATE INDEX CONCURRENTLY i ON t (a)'], transaction: false },
        { sql: ['ALTER TABLE t DROP CONSTRAINT k', "SELECT 'x;y'"], transaction: true },
      ]),
    ).toBe(
      "CREATE INDEX CONCURRENTLY i ON t (a);\nBEGIN;\nALTER TABLE t DROP CONSTRAINT k;\nSELECT 'x;y';\nCOMMIT;\n",
    );
  });

  it('is empty where there is nothing to do', () => {
    expect(psqlScript([])).toBe('');
  });
});
