import type { Pod } from '../kube/core-objects.js';

/** A pod that serves S3, or will. */
export interface GatewayPod {
  readonly name: string;
  readonly uid: string;
  /** IP address. */
  readonly address: string;
  /** Whether the Service sends clients to it. */
  readonly ready: boolean;
}

/** The gateway in a pod; undefined where it has no address yet or is on its way out. */
export function toGatewayPod({ metadata, status }: Pod): GatewayPod | undefined {
  if (status?.podIP === undefined || status.phase !== 'Running' || metadata.deletionTimestamp !== undefined) {
    return undefined;
  }
  const ready = status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  return { name: metadata.name, uid: metadata.uid ?? '', address: status.podIP, ready };
}

/** The address as the host of a URL. */
export function urlHost({ address }: Pick<GatewayPod, 'address'>): string {
  return address.includes(':') ? `[${address}]` : address;
}
