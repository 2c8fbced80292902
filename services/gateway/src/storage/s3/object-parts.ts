import { GetObjectAttributesCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { S3Error } from '../../errors/s3-error.js';
import type { ObjectInfo, ObjectPart } from '../../objects/object-info.js';
import { quoted, toChecksum, unquoted } from './object-facts.js';
import { withHeaders } from './request-headers.js';
import { hasCode } from './upstream-error.js';
import type { UpstreamPlace } from './upstream-place.js';

/** Parts asked for at once where all are wanted. */
const AT_ONCE = 8;
const MULTIPART_ETAG = /-(\d+)$/;
const PART_RANGE = /^bytes (\d+)-(\d+)\//;

type Parts = Pick<ObjectInfo, 'parts' | 'partCount'>;

/**
 * The parts that an object was put together from. Where GetObjectAttributes does not give them (Amazon S3 does so for objects
 * with checksums only), a head of each does.
 *
 * @param wanted one of them; all where left out
 * @throws S3Error `InvalidPartNumber`; `NotImplemented` where the upstream keeps parts to itself and one was asked for
 */
export async function partsOf(place: UpstreamPlace, info: ObjectInfo, wanted: number | undefined): Promise<Parts> {
  const count = Number(MULTIPART_ETAG.exec(info.etag)?.[1] ?? 0);
  if (count === 0) return {};
  if (wanted === undefined) return allParts(place, info);
  const found = await headPart(place, info, wanted);
  if (found) return { parts: [found.part], partCount: found.count };
  throw new S3Error('NotImplemented', { message: 'The S3 behind this bucket does not tell the parts of an object.' });
}

async function allParts(place: UpstreamPlace, info: ObjectInfo): Promise<Parts> {
  try {
    const listed = await listParts(place, info);
    if (listed.reduce((sum, { size }) => sum + size, 0) === info.size && listed.length > 0) return { parts: listed };
    const first = await headPart(place, info, 1);
    if (first === undefined) return {};
    const parts = [first.part];
    for (let number = 2; number <= first.count; number += AT_ONCE) {
      const batch = Array.from({ length: Math.min(AT_ONCE, first.count - number + 1) }, (_, i) => number + i);
      for (const found of await Promise.all(batch.map((one) => headPart(place, info, one)))) {
        if (found === undefined) return {};
        parts.push(found.part);
      }
    }
    return { parts };
  } catch (error) {
    // Numbers with gaps, or replaced meanwhile: an object without parts is better than none.
    if (hasCode(error, 'InvalidPartNumber', 'PreconditionFailed', 'NoSuchKey')) return {};
    throw error;
  }
}

async function listParts(place: UpstreamPlace, info: ObjectInfo): Promise<ObjectPart[]> {
  const { client } = place;
  const parts: ObjectPart[] = [];
  let marker: string | undefined;
  try {
    do {
      const input = {
        ...place.targetToRead(info.key),
        ObjectAttributes: ['ObjectParts' as const, 'ETag' as const],
        ...(marker !== undefined && { PartNumberMarker: marker }),
      };
      const page = await client.run(false, () => client.calls.send(new GetObjectAttributesCommand(input)));
      if (unquoted(page.ETag) !== info.etag) return [];
      for (const part of page.ObjectParts?.Parts ?? []) {
        const checksum = toChecksum(part)?.value;
        parts.push({ number: part.PartNumber ?? 0, size: part.Size ?? 0, ...(checksum !== undefined && { checksum }) });
      }
      const next = page.ObjectParts?.IsTruncated === true ? page.ObjectParts.NextPartNumberMarker : undefined;
      // A server that does not go on tells no parts this way.
      if (next !== undefined && Number(next) <= Number(marker ?? 0)) return [];
      marker = next;
    } while (marker !== undefined);
    return parts;
  } catch {
    // Servers that do not have this operation say so in many ways, 500 among them.
    return [];
  }
}

async function headPart(
  place: UpstreamPlace,
  info: ObjectInfo,
  number: number,
): Promise<{ part: ObjectPart; count: number } | undefined> {
  const { client } = place;
  const input = { ...place.targetToRead(info.key), PartNumber: number, IfMatch: quoted(info.etag) };
  const command = (): HeadObjectCommand =>
    withHeaders(new HeadObjectCommand(input), (headers) => (headers['x-amz-checksum-mode'] = 'ENABLED'));
  let facts: HeadObjectCommandOutput;
  try {
    facts = await client.run(true, () => client.calls.send(command()));
  } catch (error) {
    if (hasCode(error, 'InvalidRange', 'InvalidPartNumber', 'InvalidRequest')) {
      throw new S3Error('InvalidPartNumber', { details: { PartNumberRequested: String(number) }, cause: error });
    }
    throw error;
  }
  const size = facts.ContentLength;
  const range = PART_RANGE.exec(facts.ContentRange ?? '');
  const count = facts.PartsCount;
  // A server that does not know the parameter answers with the whole object.
  if (count === undefined || size === undefined || (count > 1 && !range && size === info.size)) return undefined;
  const checksum = toChecksum(facts)?.value;
  const part = { number, size, ...(range && { start: Number(range[1]) }), ...(checksum !== undefined && { checksum }) };
  return { part, count };
}
