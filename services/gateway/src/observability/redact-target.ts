const SECRET_NAMES = new Set([
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'signature',
  'awsaccesskeyid',
  'authorization',
]);

/**
 * A request target that may be logged: the values of query parameters that sign or name credentials become `REDACTED`.
 * A presigned URL is a credential until it expires, so a log must not hold one that works.
 */
export function redactTarget(target: string): string {
  const at = target.indexOf('?');
  if (at < 0) return target;
  const pieces = target.slice(at + 1).split('&');
  let redacted = false;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] as string;
    const equals = piece.indexOf('=');
    if (equals < 0 || !isSecret(piece.slice(0, equals))) continue;
    pieces[i] = `${piece.slice(0, equals)}=REDACTED`;
    redacted = true;
  }
  return redacted ? `${target.slice(0, at)}?${pieces.join('&')}` : target;
}

// The parser decodes names, so `X-Amz-%53ignature` signs as well as the plain spelling does.
function isSecret(name: string): boolean {
  if (!name.includes('%') && !name.includes('+')) return SECRET_NAMES.has(name.toLowerCase());
  try {
    return SECRET_NAMES.has(decodeURIComponent(name.replaceAll('+', ' ')).trim().toLowerCase());
  } catch {
    return true;
  }
}
