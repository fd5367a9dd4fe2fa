// Preloaded into the app (`node --require`): its imports of cdktf become imports of cdktn, so that the same sources
// synthesize with either. constructs goes along: both frameworks tell a construct by the class of their own copy.
const Module = require('node:module');

const NAMES = {
  cdktf: 'cdktn',
  '@cdktf/provider-azurerm': '@cdktn/provider-azurerm',
  constructs: 'constructs',
};
const IMPORT = /^(cdktf|@cdktf\/provider-azurerm|constructs)(\/.*)?$/;
/** The directory whose node_modules hold the packages above. */
const directory = process.env.SCALEOUT_CDKTN_DIRECTORY;
if (directory === undefined) throw new Error('SCALEOUT_CDKTN_DIRECTORY names no directory');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolveWithCdktn(request, parent, isMain, options) {
  const [, name, deep = ''] = IMPORT.exec(request) ?? [];
  return name === undefined
    ? resolveFilename.call(this, request, parent, isMain, options)
    : resolveFilename.call(this, NAMES[name] + deep, parent, isMain, { paths: [directory] });
};
