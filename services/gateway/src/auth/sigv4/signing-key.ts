import { LRUCache } from 'lru-cache';
import { HmacSha256Key } from './hmac-sha256.js';

// A key lives a day and presigned URLs a week: some thousands cover every busy client.
const keys = new LRUCache<string, HmacSha256Key>({ max: 4096 });

/**
 * The signing key of a secret for a day and a region of the service `s3`, from a bounded cache.
 *
 * A revoked or rotated secret is no concern here: whoever asks has looked the secret up in the snapshot in force.
 */
export function signingKey(secretAccessKey: string, day: string, region: string): HmacSha256Key {
  const id = `${day}/${region}/${secretAccessKey}`;
  let key = keys.get(id);
  if (key === undefined) {
    key = deriveKey(secretAccessKey, day, region);
    keys.set(id, key);
  }
  return key;
}

function deriveKey(secretAccessKey: string, day: string, region: string): HmacSha256Key {
  const dayKey = new HmacSha256Key(`AWS4${secretAccessKey}`).digest(day);
  const regionKey = new HmacSha256Key(dayKey).digest(region);
  const serviceKey = new HmacSha256Key(regionKey).digest('s3');
  return new HmacSha256Key(new HmacSha256Key(serviceKey).digest('aws4_request'));
}
