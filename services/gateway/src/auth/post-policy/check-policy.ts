import { S3Error } from '../../errors/s3-error.js';
import type { PolicyCondition, PolicyDocument } from './policy-document.js';

/** How many bytes a form's file may have, both ends included. */
export interface ContentLengthRange {
  readonly minimum: number;
  readonly maximum: number;
}

const UNCOVERED: ReadonlySet<string> = new Set([
  'file',
  'policy',
  'x-amz-signature',
  // A bucket is covered whether the form names it or not: see below.
  'bucket',
  // Checksums make an upload fail and nothing else; forms add them after the policy is signed.
  'x-amz-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
  'x-amz-checksum-type',
]);

/** Of a SigV2 form, besides: its credentials, which S3 does not ask to be conditions. */
export const V2_FIELDS: ReadonlySet<string> = new Set(['awsaccesskeyid', 'signature']);

/**
 * Holds the fields of a form against its policy: every condition must hold, and every field must have one.
 *
 * @param fields by lower-case name, `${filename}` replaced
 * @param bucket that the request was routed to; a field of that name counts for nothing
 * @param credentials names of further fields that need no condition
 * @returns the range that all `content-length-range` conditions allow, if there are any
 * @throws S3Error `AccessDenied`, which names the condition or the field
 */
export function checkPolicy(
  { expiration, conditions }: PolicyDocument,
  fields: ReadonlyMap<string, string>,
  bucket: string,
  now: Date,
  credentials?: ReadonlySet<string>,
): ContentLengthRange | undefined {
  if (now.getTime() >= expiration) throw denied('Policy expired.');
  const covered = new Set<string>();
  let range: ContentLengthRange | undefined;
  for (const condition of conditions) {
    if (condition.operator === 'content-length-range') {
      range = {
        minimum: Math.max(range?.minimum ?? 0, condition.minimum),
        maximum: Math.min(range?.maximum ?? Infinity, condition.maximum),
      };
      continue;
    }
    const { operator, field, value } = condition;
    if (!holds(condition, field === 'bucket' ? bucket : fields.get(field))) {
      throw denied(`Policy Condition failed: ["${operator}", "$${field}", "${value}"]`);
    }
    covered.add(field);
  }
  if (!covered.has('bucket')) throw denied('Extra input fields: bucket');
  for (const name of fields.keys()) {
    const exempt = UNCOVERED.has(name) || name.startsWith('x-ignore-') || credentials?.has(name) === true;
    if (!exempt && !covered.has(name)) throw denied(`Extra input fields: ${name}`);
  }
  return range;
}

function holds(
  condition: Exclude<PolicyCondition, { operator: 'content-length-range' }>,
  actual: string | undefined,
): boolean {
  if (condition.operator === 'eq') return actual === condition.value;
  // A field that may hold anything may also be left out.
  if (condition.value === '') return true;
  if (actual === undefined) return false;
  // S3 reads a Content-Type as a list, each entry of which must fit.
  if (condition.field === 'content-type') {
    return actual.split(',').every((type) => type.trim().startsWith(condition.value));
  }
  return actual.startsWith(condition.value);
}

function denied(reason: string): S3Error {
  return new S3Error('AccessDenied', { message: `Invalid according to Policy: ${reason}` });
}
