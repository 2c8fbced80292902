import {
  corsRuleMistake,
  defaultSecretName,
  isBucketName,
  isTreePath,
  longSegmentOf,
  MAX_SEGMENT_BYTES,
  parseDuration,
  parseSize,
  reservedSegmentOf,
} from '@bucketway/contract';
import type { S3BucketAccessMode, S3BucketCorsRule, S3BucketQuota, S3BucketRotation } from '@bucketway/contract';
import type { Decision, EffectiveQuota, PolicyReason, PolicyRefusal, PolicyRequest } from './decision.js';
import { effectiveRotation } from './effective-rotation.js';
import { selects } from './label-selector.js';
import { isWithin, joinPath, pathKey, splitPath } from './path-key.js';
import { expandText } from './path-template.js';
import type { TemplateVariables } from './path-template.js';
import type { Policy, PolicyRule, Rotation } from './policy.js';

/** Asks the tenancy policy about an S3Bucket. Pure: the same request has the same answer. */
export function decide(policy: Policy, request: PolicyRequest): Decision {
  try {
    return accept(policy, request);
  } catch (error) {
    if (error instanceof Refusal) return { accepted: false, reason: error.reason, message: error.message };
    throw error;
  }
}

/** Thrown by the checks, each of which gives what it found. */
class Refusal extends Error implements Omit<PolicyRefusal, 'accepted'> {
  constructor(
    readonly reason: PolicyReason,
    message: string,
  ) {
    super(message);
  }
}

function accept(policy: Policy, request: PolicyRequest): Decision {
  const { namespace, bucket, standing } = request;
  const { spec, metadata } = bucket;
  const variables: TemplateVariables = { namespace: namespace.name, name: metadata.name };
  const rule = ruleFor(policy, request);
  const accessMode = spec.accessMode ?? 'ReadWrite';
  const { mode = 'Managed', existingSecretRef, ...credentials } = spec.credentials ?? {};
  const bucketName = checkName(rule, spec.bucketName ?? metadata.name, variables);
  // Where its data lies comes before today's default: a policy that changes its default moves no bucket.
  const wanted = spec.path ?? standing?.path ?? bucket.status?.path ?? defaultPath(rule, variables);
  const path = checkPath(policy, rule, { path: wanted, accessMode, variables });
  checkAllowed(rule, request);
  checkCount(rule, request);
  return {
    accepted: true,
    overlap: rule.overlap,
    bucketName,
    path,
    pathPolicy: spec.pathPolicy ?? 'CreateIfMissing',
    accessMode,
    anonymous: spec.anonymous ?? 'None',
    quota: checkQuota(rule, spec.quota ?? {}),
    reclaimPolicy: spec.reclaimPolicy ?? 'Retain',
    cors: checkCors(spec.cors ?? []),
    credentials: {
      mode,
      secretName: credentials.secretName ?? defaultSecretName(metadata.name),
      ...(mode === 'Existing' && existingSecretRef && { existingSecretName: existingSecretRef.name }),
      formats: credentials.formats ?? ['AWS'],
      rotation: checkRotation(rule, credentials.rotation ?? {}),
      ...(credentials.rotationRequest !== undefined && { rotationRequest: credentials.rotationRequest }),
    },
    suspend: spec.suspend ?? false,
  };
}

function ruleFor(policy: Policy, { namespace }: PolicyRequest): PolicyRule {
  const rule = policy.rules.find(
    ({ namespaces, selector }) =>
      namespaces.has(namespace.name) ||
      namespaces.has('*') ||
      (selector !== undefined && selects(selector, namespace.labels ?? {})),
  );
  if (rule !== undefined) return rule;
  throw new Refusal(
    'NamespaceNotAllowed',
    `no rule of the tenancy policy names the namespace "${namespace.name}": an administrator adds it to "policy.rules"`,
  );
}

function checkName({ bucketNames }: PolicyRule, name: string, variables: TemplateVariables): string {
  if (!isBucketName(name))
    throw new Refusal('InvalidSpec', `${quote(name)} is no bucket name: set spec.bucketName to one`);
  if (bucketNames === undefined) return name;
  const exact = bucketNames.exact.map((text) => expandText(text, variables));
  const prefix = bucketNames.prefix === undefined ? undefined : expandText(bucketNames.prefix, variables);
  if (exact.includes(name) || (prefix !== undefined && name.startsWith(prefix))) return name;
  const allowed = [...(prefix === undefined ? [] : [`names that begin with "${prefix}"`]), ...exact.map(quote)];
  throw new Refusal(
    'NameNotAllowed',
    `the bucket name "${name}" is not permitted in this namespace, which may use ${allowed.join(', ')}: ` +
      'create the S3Bucket anew with such a spec.bucketName',
  );
}

/**
 * The API server's expressions are not quite those of the gateways: of a rule that only the former take, they would refuse the
 * document, with the buckets and the revocations of all others in it.
 */
function checkCors(rules: readonly S3BucketCorsRule[]): readonly S3BucketCorsRule[] {
  for (const [index, rule] of rules.entries()) {
    const mistake = corsRuleMistake(rule);
    if (mistake !== undefined) throw new Refusal('InvalidSpec', `spec.cors[${index}].${mistake}`);
  }
  return rules;
}

function defaultPath(rule: PolicyRule, variables: TemplateVariables): string {
  if (rule.defaultPath === undefined) {
    throw new Refusal(
      'NoDefaultPath',
      'the tenancy policy has no default path: create the S3Bucket anew with spec.path',
    );
  }
  const segments = rule.defaultPath.expand(variables);
  if (segments !== undefined) return joinPath(segments);
  throw new Refusal('InvalidSpec', 'its namespace or name cannot be a folder: create the S3Bucket anew with spec.path');
}

interface WantedPath {
  readonly path: string;
  readonly accessMode: S3BucketAccessMode;
  readonly variables: TemplateVariables;
}

function checkPath(policy: Policy, rule: PolicyRule, { path, accessMode, variables }: WantedPath): string {
  if (!isTreePath(path)) {
    throw new Refusal(
      'InvalidSpec',
      `${quote(path)} is no path of the tree: set spec.path to one such as "/team-a/photos"`,
    );
  }
  const segments = splitPath(path);
  const reserved = reservedSegmentOf(path);
  if (reserved !== undefined) {
    throw new Refusal('InvalidSpec', `"${reserved}" in the path is the gateway's own: choose another spec.path`);
  }
  const long = longSegmentOf(path);
  if (long !== undefined) {
    const message = `the folder that begins with "${long.slice(0, 20)}" has a name of more than ${MAX_SEGMENT_BYTES} bytes: choose another spec.path`;
    throw new Refusal('InvalidSpec', message);
  }
  const key = pathKey(path, policy.caseInsensitivePaths);
  const open = rule.paths.flatMap(({ prefix, accessModes }) => {
    const expanded = prefix.expand(variables);
    return expanded === undefined ? [] : [{ expanded, accessModes }];
  });
  const over = open
    .filter(({ expanded }) => isWithin(key, pathKey(joinPath(expanded), policy.caseInsensitivePaths)))
    .toSorted((a, b) => b.expanded.length - a.expanded.length);
  if (over.length === 0) {
    const allowed = open.map(({ expanded }) => quote(joinPath(expanded)));
    throw new Refusal(
      'PathNotAllowed',
      `the path "${path}" is not permitted in this namespace, which may use what is at or below ` +
        `${allowed.join(', ')}: create the S3Bucket anew with such a spec.path`,
    );
  }
  const found = over.find(({ accessModes }) => accessModes.includes(accessMode));
  if (found === undefined) {
    const modes = [...new Set(over.flatMap(({ accessModes }) => accessModes))].join(' or ');
    throw new Refusal(
      'AccessModeNotAllowed',
      `the path "${path}" permits no ${accessMode}: set spec.accessMode to ${modes}`,
    );
  }
  // The policy's spelling, so that what is served lies below the prefix on a storage that tells the two apart, too.
  return joinPath([...found.expanded, ...segments.slice(found.expanded.length)]);
}

function checkAllowed({ allow }: PolicyRule, { bucket: { spec } }: PolicyRequest): void {
  const { anonymous = 'None', reclaimPolicy = 'Retain' } = spec;
  if (!allow.anonymous.has(anonymous)) {
    const modes = [...allow.anonymous].join(' or ');
    throw new Refusal('AnonymousNotAllowed', `anonymous ${anonymous} is not permitted: set spec.anonymous to ${modes}`);
  }
  if (reclaimPolicy === 'Delete' && !allow.reclaimDelete) {
    throw new Refusal('ReclaimDeleteNotAllowed', 'deleting data is not permitted: set spec.reclaimPolicy to Retain');
  }
  if (spec.credentials?.mode === 'Existing' && !allow.existingSecret) {
    const message =
      'keys that users bring are not permitted: set spec.credentials.mode to Managed and take existingSecretRef out';
    throw new Refusal('ExistingSecretNotAllowed', message);
  }
}

function checkCount({ limits }: PolicyRule, { namespace, standing }: PolicyRequest): void {
  const most = limits.bucketsPerNamespace ?? Infinity;
  if (standing?.incumbent === true || (standing?.othersInNamespace ?? 0) < most) return;
  throw new Refusal(
    'LimitExceeded',
    `the namespace "${namespace.name}" has ${most} S3Buckets, which is its limit: delete one, or ask an administrator`,
  );
}

function checkQuota(
  { limits, defaults }: PolicyRule,
  { maxSize, maxObjects, mode = 'Enforce' }: S3BucketQuota,
): EffectiveQuota {
  const own = parseSize(maxSize);
  if (maxSize !== undefined && own === undefined) {
    throw new Refusal('InvalidSpec', `"${maxSize}" is no size: set spec.quota.maxSize to one such as "500Gi"`);
  }
  if (own !== undefined && own > (limits.maxBytes ?? Infinity)) {
    const message = `spec.quota.maxSize is more than the ${limits.maxBytes} bytes that are permitted: lower it`;
    throw new Refusal('LimitExceeded', message);
  }
  // A limit that is only reported would be none.
  if (mode === 'Report' && limits.maxBytes !== undefined) {
    const message = `this namespace may use ${limits.maxBytes} bytes in a bucket, which is enforced: set spec.quota.mode to Enforce`;
    throw new Refusal('LimitExceeded', message);
  }
  const maxBytes = own ?? defaults.quota.maxBytes ?? limits.maxBytes;
  const objects = maxObjects ?? defaults.quota.maxObjects;
  return { ...(maxBytes !== undefined && { maxBytes }), ...(objects !== undefined && { maxObjects: objects }), mode };
}

function checkRotation({ defaults }: PolicyRule, { interval, overlap }: S3BucketRotation): Rotation {
  const intervalMs = parseDuration(interval);
  const overlapMs = parseDuration(overlap);
  if ((interval !== undefined && intervalMs === undefined) || (overlap !== undefined && overlapMs === undefined)) {
    throw new Refusal('InvalidSpec', 'spec.credentials.rotation must have durations such as "720h"');
  }
  const own = { ...(intervalMs !== undefined && { intervalMs }), ...(overlapMs !== undefined && { overlapMs }) };
  const rotation = effectiveRotation(own, defaults.rotation);
  if (rotation !== undefined) return rotation;
  const message =
    'spec.credentials.rotation.overlap is not shorter than the interval: shorten it or set a longer interval';
  throw new Refusal('InvalidSpec', message);
}

function quote(text: string): string {
  return `"${text}"`;
}
