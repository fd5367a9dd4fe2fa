// Starts a plugin for a test that kills this process, and says so.
require('../../scripts/typescript');
const { startSharedProvider } = require('./shared-provider');

startSharedProvider(process.env).then(({ variables }) => console.log(variables.TF_REATTACH_PROVIDERS));
setInterval(() => {}, 60_000);
