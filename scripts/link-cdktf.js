// After an install: `npx cdktf` runs the entry of node_modules/.bin before any of this package's own, and there the CLI
// put itself. The guards stand before what deploys and destroys only if that name leads to them.
const { existsSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const bin = join(__dirname, '..', 'node_modules', '.bin');
const link = join(bin, 'cdktf');
// Without development dependencies there is no CLI to stand before.
if (existsSync(join(__dirname, '..', 'node_modules', 'cdktf-cli'))) {
  rmSync(link, { force: true });
  if (process.platform === 'win32') {
    for (const name of ['cdktf.cmd', 'cdktf.ps1']) rmSync(join(bin, name), { force: true });
    writeFileSync(`${link}.cmd`, '@node "%~dp0\\..\\..\\scripts\\cdktf.js" %*\r\n');
  } else {
    symlinkSync('../../scripts/cdktf.js', link);
  }
}
