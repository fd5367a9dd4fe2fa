// `npm run test:faults`: kills `tables apply`, and servers under it, at random moments on a cluster of its own.
//   node test/faults/run.js [--kills 100] [--servers 20] [--seed 1] [--rows 2000] [--at-once 2] [--workload sensors]...
// `npm run test:faults -- rebalance`: the same of `rebalance run`, beside writes.
//   node test/faults/run.js rebalance [--rounds 6] [--seed 1] [--victim process]... [--story blocking]
// A trial that loses something ends with the command that tries the same again.
require('../../scripts/typescript');

const [subject, ...rest] = process.argv.slice(2);
const ended =
  subject === 'rebalance'
    ? require('./rebalance/main').moveMain(rest)
    : require('./main').main(process.argv.slice(2));

ended.then(
  (status) => process.exit(status),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
