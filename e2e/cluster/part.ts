// Runs a part of the suite: `part.ts NAME`. What a part throws between its checks is one that failed.
import { fail } from './harness.ts';

const name = process.argv[2] ?? '';
try {
  await import(`./parts/${name}.ts`);
} catch (error) {
  await fail('what its checks need is there', error);
}
