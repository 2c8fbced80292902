import 'reflect-metadata';
import { runCommandLine } from './cli/run-command-line.js';

// Not by itself: undici keeps a connection that is not made yet, and the process with it, for as long as that may take.
process.exit(await runCommandLine(process.argv.slice(2)));
