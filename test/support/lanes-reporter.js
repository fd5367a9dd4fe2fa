const { writeSync } = require('node:fs');

/** Closes a run with what each lane ran on or why it was skipped, then one plain line of counts. */
module.exports = class LanesReporter {
  onRunComplete(_contexts, results) {
    const lanes = JSON.parse(process.env.SCALEOUT_LANES ?? '{}');
    const lines = Object.entries(lanes).map(
      ([lane, { runs, reason }]) => `  ${lane.padEnd(18)}${runs ? 'ran' : 'SKIPPED'}: ${reason}`,
    );
    // A test file that does not even load has no tests to count, and must not read as a success.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const heading = lines.length === 0 ? '' : `Lanes\n${lines.join('\n')}\n\n`;
    const summary = `\n${heading}${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped\n`;
    // jest prints a summary of its own after every reporter has spoken; the counts are to be the last line.
    process.once('exit', () => writeSync(1, summary));
  }
};
