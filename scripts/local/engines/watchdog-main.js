// Runs beside a cluster, in a process of its own: see watchdog.ts.
require('ts-node').register({ swc: true, projectSearchDir: __dirname });
require('./watchdog').watch(process.argv[2]);
