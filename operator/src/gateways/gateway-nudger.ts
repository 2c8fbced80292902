import type { Clock } from '../kube/clock.js';
import type { KubeClient } from '../kube/kube-client.js';
import { PODS } from '../kube/resource.js';
import type { GatewayMonitor } from './gateway-monitor.js';
import type { GatewayPod } from './gateway-pod.js';

/** Changing it makes the kubelet look after the pod, and so refresh its volumes, at once instead of within a minute. */
export const NUDGE_ANNOTATION = 'bucketway.dev/documents';

/** Between two nudges of all pods under load, in milliseconds. */
const MIN_INTERVAL_MS = 150;
/** Until a pod that still lacks something is nudged again: from, up to, in milliseconds. */
const FIRST_REPEAT_MS = 700;
const LAST_REPEAT_MS = 30_000;
/**
 * For so long not less often than that, in milliseconds. A kubelet that lost the API server has its watches of ConfigMaps
 * and Secrets back after up to a minute (client-go waits for 30 to 60 s after a watch that has expired), tells nobody, and
 * refreshes the volume at the next nudge only.
 */
const KUBELET_BACK_MS = 120_000;
const REPEAT_UNTIL_BACK_MS = 4000;

/**
 * Makes kubelets refresh the documents of the gateway pods. A nudge can come before the kubelet has seen the new
 * version; so a pod that stays behind is nudged again, less and less often.
 */
export class GatewayNudger {
  private lastMs = Number.NEGATIVE_INFINITY;
  private repeatMs = FIRST_REPEAT_MS;
  private askedAt = Number.NEGATIVE_INFINITY;
  private running = false;
  private again = false;
  private cancelRepeat: (() => void) | undefined;
  private serial = 0;

  constructor(
    private readonly client: Pick<KubeClient, 'patch'>,
    private readonly namespace: string,
    private readonly monitor: Pick<GatewayMonitor, 'lagging'>,
    private readonly clock: Clock,
    private readonly onError: (pod: string, error: unknown) => void,
  ) {}

  /** Nudges every gateway that lacks a version: at once, or right after the nudge that is under way. */
  nudge(): void {
    this.repeatMs = FIRST_REPEAT_MS;
    this.askedAt = this.clock.now();
    if (this.running) this.again = true;
    else void this.run();
  }

  /** Goes on nudging those that stay behind, if it does not yet. */
  remind(): void {
    if (!this.running && this.cancelRepeat === undefined) this.repeat();
  }

  stop(): void {
    this.cancelRepeat?.();
    this.again = false;
  }

  private async run(): Promise<void> {
    this.running = true;
    this.cancelRepeat?.();
    this.cancelRepeat = undefined;
    const early = this.lastMs + MIN_INTERVAL_MS - this.clock.now();
    if (early > 0) await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, early));
    this.again = false;
    this.lastMs = this.clock.now();
    const value = `${this.clock.wallTime().getTime().toString(36)}-${++this.serial}`;
    await Promise.all(this.monitor.lagging().map((pod) => this.patch(pod, value)));
    this.running = false;
    if (this.again) await this.run();
    else this.repeat();
  }

  private repeat(): void {
    if (this.monitor.lagging().length === 0) return;
    const wait = this.repeatMs;
    const mayBeBack = this.clock.now() - this.askedAt < KUBELET_BACK_MS;
    this.repeatMs = Math.min(wait * 2, mayBeBack ? REPEAT_UNTIL_BACK_MS : LAST_REPEAT_MS);
    this.cancelRepeat = this.clock.setTimeout(() => void this.run(), wait);
  }

  private async patch(pod: GatewayPod, value: string): Promise<void> {
    try {
      await this.client.patch(
        PODS,
        { namespace: this.namespace, name: pod.name },
        { metadata: { annotations: { [NUDGE_ANNOTATION]: value } } },
        // Everything else waits for what this brings, and it has a limit of its own.
        { type: 'merge', urgent: true },
      );
    } catch (error) {
      // Without the nudge the kubelet refreshes by itself, only later.
      this.onError(pod.name, error);
    }
  }
}
