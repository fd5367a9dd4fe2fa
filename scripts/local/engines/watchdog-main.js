// Runs beside a cluster, in a process of its own: see watchdog.ts.
require('../../typescript');
require('./watchdog').watch(process.argv[2]);
