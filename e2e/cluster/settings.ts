// What the suite is told by its environment, and what things are called in the cluster.
import { fileURLToPath } from 'node:url';

export const CHART = fileURLToPath(new URL('../../charts/bucketway', import.meta.url));
export const VALUES = fileURLToPath(new URL('values.yaml', import.meta.url));

/** Of the release. */
export const RELEASE = 'bucketway';
export const SYSTEM = 'bucketway-e2e';
/** Of applications. */
export const APPS = 'bucketway-e2e-apps';
/** For pods that prepare and read the storage as it lies; the only ones that are not restricted. */
export const TOOLS = 'bucketway-e2e-tools';
export const CRD = 's3buckets.bucketway.dev';

const {
  IMAGE_GATEWAY = 'docker.io/bucketway/gateway:dev',
  IMAGE_OPERATOR = 'docker.io/bucketway/operator:dev',
  IMAGE_AWS_CLI,
  E2E_STORAGE_CLASS,
  E2E_DATA_PATH = '/var/lib/bucketway-e2e-suite',
  E2E_CONTROL_PLANE_PIDS,
  AWS_CLI,
} = process.env;

export {
  AWS_CLI,
  E2E_CONTROL_PLANE_PIDS,
  E2E_DATA_PATH,
  E2E_STORAGE_CLASS,
  IMAGE_AWS_CLI,
  IMAGE_GATEWAY,
  IMAGE_OPERATOR,
};

/** As the chart's values have an image. */
export function imageValues(image: string): { repository: string; tag: string; pullPolicy: string } {
  const colon = image.lastIndexOf(':');
  if (colon <= image.lastIndexOf('/')) throw new Error(`${image}: name it with its tag`);
  return { repository: image.slice(0, colon), tag: image.slice(colon + 1), pullPolicy: 'IfNotPresent' };
}
