// Ends with an error where the suite would harm what is there.
import { kubectl } from './kube.ts';
import { CRD, SYSTEM } from './settings.ts';

const owner = await kubectl(
  'get',
  'crd',
  CRD,
  '--ignore-not-found',
  '--output=jsonpath={.metadata.annotations.meta\\.helm\\.sh/release-namespace}',
);
if (owner !== '' && owner !== SYSTEM) {
  console.log(
    `not ok cluster: Bucketway is there already, in the namespace ${owner}: give the suite a cluster without it`,
  );
  process.exitCode = 1;
}
