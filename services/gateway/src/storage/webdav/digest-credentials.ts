import { hash, randomBytes } from 'node:crypto';
import type { DigestChallenge } from './digest-challenge.js';

/** A user name and password for Digest authentication (RFC 7616), with the challenge of the server that is in use. */
export class DigestCredentials {
  private challenge: DigestChallenge | undefined;
  private count = 0;
  private challengedAt = 0;
  private readonly cnonce = randomBytes(16).toString('hex');

  constructor(
    private readonly username: string,
    private readonly password: string,
  ) {}

  /** Milliseconds since the nonce in use came; Infinity without one. */
  get age(): number {
    return this.challenge ? performance.now() - this.challengedAt : Infinity;
  }

  /** Goes on with a challenge of the server. */
  accept(challenge: DigestChallenge): void {
    this.challenge = challenge;
    this.challengedAt = performance.now();
    this.count = 0;
  }

  /** The nonce that the server wants next (`Authentication-Info`, RFC 7616, 3.5). */
  renew(nonce: string): void {
    if (this.challenge !== undefined) this.accept({ ...this.challenge, nonce });
  }

  /**
   * The `Authorization` of a request, or undefined while no challenge is known.
   *
   * @param uri the request target
   */
  header(method: string, uri: string): string | undefined {
    const { challenge } = this;
    if (challenge === undefined) return undefined;
    const { realm, nonce, opaque, algorithm, qop } = challenge;
    const digest = (text: string): string => hash(algorithm.startsWith('MD5') ? 'md5' : 'sha256', text);
    const count = (++this.count).toString(16).padStart(8, '0');
    const plain = digest(`${this.username}:${realm}:${this.password}`);
    const first = algorithm.endsWith('-sess') ? digest(`${plain}:${nonce}:${this.cnonce}`) : plain;
    const second = digest(`${method}:${uri}`);
    const middle = qop ? `${nonce}:${count}:${this.cnonce}:auth` : nonce;
    const fields = [
      this.usernameField(),
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(uri)}`,
      `algorithm=${algorithm}`,
      `response="${digest(`${first}:${middle}:${second}`)}"`,
    ];
    if (qop) fields.push('qop=auth', `nc=${count}`);
    if (qop || algorithm.endsWith('-sess')) fields.push(`cnonce="${this.cnonce}"`);
    if (opaque !== undefined) fields.push(`opaque=${quoted(opaque)}`);
    return `Digest ${fields.join(', ')}`;
  }

  /** RFC 7616, 3.4: a name that no quoted string can hold goes in the extended notation. */
  private usernameField(): string {
    // eslint-disable-next-line no-control-regex -- what a header may hold
    if (/^[\u0020-\u007e]*$/.test(this.username)) return `username=${quoted(this.username)}`;
    return `username*=UTF-8''${encodeURIComponent(this.username).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`;
  }
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
