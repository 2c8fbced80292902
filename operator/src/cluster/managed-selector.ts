import { MANAGED_LABEL } from '@bucketway/contract';

/** Selects the Secrets and ConfigMaps that were made for apps. */
export const MANAGED_SELECTOR = `${MANAGED_LABEL}=true`;
