import type { GatewayPod } from './gateway-pod.js';
import { documentKey } from './gateway-report.js';
import type { GatewayReport } from './gateway-report.js';
import type { DocumentKind } from '@bucketway/contract';

/** A version of a document that gateways should have. */
export interface DocumentVersion {
  readonly kind: DocumentKind;
  readonly shard: number;
  readonly revision: number;
  /** Of its content, where it is known: after etcd was restored, one revision can be given out twice. */
  readonly hash?: string;
}

/** How far the gateways are. */
export interface Acknowledgement {
  /** Pods that clients are sent to. */
  readonly ready: number;
  /** Those of them that have every version asked for. */
  readonly acknowledged: number;
  /** Names of ready pods that have not. */
  readonly waiting: readonly string[];
  /** A pod that refuses a version, and why. */
  readonly rejected?: { readonly pod: string; readonly reason: string };
}

/** A pod and what it said last. */
export interface ReportingPod {
  readonly pod: GatewayPod;
  readonly report: GatewayReport | undefined;
}

/** Compares what pods said with the versions that they should have. Only pods that clients are sent to count. */
export function judgeAcknowledgement(
  pods: Iterable<ReportingPod>,
  versions: readonly DocumentVersion[],
): Acknowledgement {
  let ready = 0;
  const waiting: string[] = [];
  let rejected: Acknowledgement['rejected'];
  for (const { pod, report } of pods) {
    if (!pod.ready) continue;
    ready++;
    const behind = versions.filter((version) => !hasVersion(report, version));
    if (behind.length === 0) continue;
    waiting.push(pod.name);
    const refused = behind.map(({ kind, shard }) => report?.documents.get(documentKey(kind, shard))?.refused);
    const reason = refused.find((text) => text !== undefined);
    if (reason !== undefined) rejected ??= { pod: pod.name, reason };
  }
  return { ready, acknowledged: ready - waiting.length, waiting, ...(rejected && { rejected }) };
}

/**
 * A pod that clients are sent to and that has a version, or a later one, but for a bucket of it: its own configuration has
 * that otherwise.
 */
export function findLeftOut(
  pods: Iterable<ReportingPod>,
  version: DocumentVersion,
  bucket: string,
): NonNullable<Acknowledgement['rejected']> | undefined {
  for (const { pod, report } of pods) {
    if (!pod.ready || !hasVersion(report, version)) continue;
    const reason = report?.documents.get(documentKey(version.kind, version.shard))?.leftOut?.get(bucket);
    if (reason !== undefined) return { pod: pod.name, reason };
  }
  return undefined;
}

/** Whether a gateway has a version or a later one. */
export function hasVersion(
  report: GatewayReport | undefined,
  { kind, shard, revision, hash }: DocumentVersion,
): boolean {
  const has = report?.documents.get(documentKey(kind, shard));
  if (has?.revision === undefined || has.revision < revision) return false;
  return has.revision > revision || hash === undefined || has.hash === undefined || has.hash === hash;
}
