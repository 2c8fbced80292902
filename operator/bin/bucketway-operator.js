#!/usr/bin/env node
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `bucketway-operator needs Node 24 and this is ${process.version}. In this repository "npx bucketway-operator" finds the right one.\n`,
  );
  process.exit(1);
}
await import('../dist/main.js');
