/** What a server asks for in a `WWW-Authenticate: Digest` (RFC 7616, 3.3). */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque?: string;
  readonly algorithm: DigestAlgorithm;
  /** Whether it takes `qop=auth`; else the older form without one (RFC 2069). */
  readonly qop: boolean;
  /** The nonce is too old; user name and password are right. */
  readonly stale: boolean;
}

export type DigestAlgorithm = 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';

/** Best first. */
const ALGORITHMS: readonly DigestAlgorithm[] = ['SHA-256', 'SHA-256-sess', 'MD5', 'MD5-sess'];

/** A scheme, or a parameter with its value as a token or a quoted string (RFC 9110, 11). */
const ITEM = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?\s*,?\s*/gy;

/**
 * The best challenge of the header that can be answered, or undefined.
 *
 * @param header all `WWW-Authenticate` fields, joined with commas
 */
export function parseDigestChallenge(header: string): DigestChallenge | undefined {
  const challenges = splitChallenges(header).flatMap((parameters) => toChallenge(parameters) ?? []);
  return challenges.toSorted((a, b) => ALGORITHMS.indexOf(a.algorithm) - ALGORITHMS.indexOf(b.algorithm))[0];
}

/** The parameters of each Digest challenge, names in lower case. */
function splitChallenges(header: string): Map<string, string>[] {
  const challenges: Map<string, string>[] = [];
  let current: Map<string, string> | undefined;
  ITEM.lastIndex = 0;
  for (let match = ITEM.exec(header); match !== null; match = ITEM.exec(header)) {
    const name = (match[1] as string).toLowerCase();
    const value = match[2]?.replace(/\\(.)/g, '$1') ?? match[3];
    if (value !== undefined) current?.set(name, value);
    else {
      current = name === 'digest' ? new Map<string, string>() : undefined;
      if (current) challenges.push(current);
    }
  }
  return challenges;
}

function toChallenge(parameters: ReadonlyMap<string, string>): DigestChallenge | undefined {
  const nonce = parameters.get('nonce');
  const asked = (parameters.get('algorithm') ?? 'MD5').toLowerCase();
  const algorithm = ALGORITHMS.find((one) => one.toLowerCase() === asked);
  const qop = parameters
    .get('qop')
    ?.split(',')
    .map((one) => one.trim().toLowerCase());
  if (nonce === undefined || algorithm === undefined || (qop !== undefined && !qop.includes('auth'))) return undefined;
  const opaque = parameters.get('opaque');
  return {
    realm: parameters.get('realm') ?? '',
    nonce,
    algorithm,
    qop: qop !== undefined,
    stale: parameters.get('stale')?.toLowerCase() === 'true',
    ...(opaque !== undefined && { opaque }),
  };
}
