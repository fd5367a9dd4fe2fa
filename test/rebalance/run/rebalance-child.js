// Runs `rebalance run` as a process of its own, for tests that kill it: node rebalance-child.js '{"target":..,"allow":..}'
require('../../../scripts/typescript');
const { rebalanceRun } = require('../../../scripts/rebalance/commands');
const { silentReporter } = require('../../../scripts/lib/reporter');

const context = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};
rebalanceRun(context, JSON.parse(process.argv[2])).then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
