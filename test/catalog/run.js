// `npm run test:catalog`: distributes schemas drawn by chance from all that PostgreSQL can hang on a table, and compares.
//   node test/catalog/run.js [--cases 300] [--seed 1] [--at-once 2] [--only CASE,CASE] [--reductions 40] [--out FOLDER]
// A case that fails is made smaller, and written to the folder as schema.sql and distribution.yaml.
require('../../scripts/typescript');
const { main } = require('./main');

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
