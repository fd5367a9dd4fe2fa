// Runs the TypeScript of this project without a build step: `node -r ./scripts/typescript.js FILE.ts`. swc strips the types,
// and what it makes of a file is kept for as long as the file stays the same: starting swc costs more than most verbs take.
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const CACHE = path.join(__dirname, '..', 'node_modules', '.cache', 'scaleout');
const OPTIONS = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
  configFile: false,
  swcrc: false,
};
const MADE_BY = JSON.stringify([require('@swc/core/package.json').version, OPTIONS]);

const digest = (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** What was kept begins with the digest of all that went into it, on the first line: the others are where the source map says. */
function javaScriptOf(file) {
  const source = readFileSync(file, 'utf8');
  const origin = `/*${digest(MADE_BY, file, source)}*/`;
  const kept = path.join(CACHE, `${digest(file)}.js`);
  try {
    const code = readFileSync(kept, 'utf8');
    if (code.startsWith(origin)) return code;
  } catch {
    // Not kept yet.
  }
  const { code } = require('@swc/core').transformSync(source, { ...OPTIONS, filename: file });
  keep(kept, origin + code);
  return origin + code;
}

/** Other processes read and write the same file. Where nothing can be kept the next start makes it again. */
function keep(kept, text) {
  try {
    mkdirSync(CACHE, { recursive: true });
    const unfinished = `${kept}.${process.pid}`;
    writeFileSync(unfinished, text);
    renameSync(unfinished, kept);
  } catch {
    // A folder that cannot be written is no reason to end.
  }
}

process.setSourceMapsEnabled(true);
require.extensions['.ts'] = (module, file) => module._compile(javaScriptOf(file), file);
