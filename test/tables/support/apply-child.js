// Runs `tables apply` as a process of its own, for tests that kill it: node apply-child.js '{"target":..,"expected":..}'
require('../../../scripts/typescript');
const { tablesApply } = require('../../../scripts/tables/commands');
const { silentReporter } = require('../../../scripts/lib/reporter');

const input = JSON.parse(process.argv[2]);
const reporter = {
  ...silentReporter,
  event: ({ name }) => name === 'plan.ready' && process.stdout.write('started\n'),
};
const context = { reporter, signal: new AbortController().signal, confirm: () => Promise.resolve(true) };
tablesApply(context, input).then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
