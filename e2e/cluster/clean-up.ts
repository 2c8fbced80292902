// Takes away what the suite has made.
import { cleanUp } from './release.ts';

await cleanUp();
