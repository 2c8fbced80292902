import type { HttpAnswer, HttpRequest, HttpUpload, HttpUploadRequest } from '../http/http-exchange.js';
import type { StorageHttp } from '../http/storage-http.js';
import { parseDigestChallenge } from './digest-challenge.js';
import { DigestCredentials } from './digest-credentials.js';
import type { WebdavAuth } from './webdav-options.js';

/**
 * A nonce older than this, in milliseconds, is tried on a small request before a body goes out that cannot be sent twice. Apache's live
 * 300 s.
 */
const FRESH_NONCE_MS = 60_000;

type Headers = Readonly<Record<string, string>>;

/** Requests to a WebDAV server with the gateway's credentials on them. */
export class WebdavClient {
  private readonly fixed: string | undefined;
  private readonly digest: DigestCredentials | undefined;

  constructor(
    private readonly http: StorageHttp,
    auth: WebdavAuth,
  ) {
    if (auth.kind === 'basic') {
      this.fixed = `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`;
    } else if (auth.kind === 'bearer') this.fixed = `Bearer ${auth.token}`;
    this.digest = auth.kind === 'digest' ? new DigestCredentials(auth.username, auth.password) : undefined;
  }

  /** Sends a request to the server itself; a redirect is an answer like any other. */
  exchange(request: HttpRequest): Promise<HttpAnswer> {
    return this.send(request, (authorized) => this.http.exchange(authorized));
  }

  /** Sends a GET, and follows redirects where that is safe. */
  follow(request: HttpRequest): Promise<HttpAnswer> {
    return this.send(request, (authorized) => this.http.follow(authorized));
  }

  /** Begins a PUT whose body comes piece by piece. @param probe a small request that brings a fresh nonce */
  async upload(request: HttpUploadRequest, probe: () => Promise<void>): Promise<HttpUpload> {
    if (this.digest !== undefined && this.digest.age > FRESH_NONCE_MS) await probe();
    const upload = this.http.upload({
      ...request,
      headers: this.authorized(request.method, request.url, request.headers),
    });
    return {
      write: (piece) => upload.write(piece),
      end: async () => {
        const answer = await upload.end();
        // A body that has gone by cannot be sent again here; the next one goes out with what was learnt.
        this.learn(answer);
        return answer;
      },
      abort: () => upload.abort(),
    };
  }

  private async send(
    request: HttpRequest,
    action: (authorized: HttpRequest) => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const { method, url, headers } = request;
      const answer = await action({ ...request, headers: this.authorized(method, url, headers) });
      if (!this.learn(answer) || attempt > 1) return answer;
      answer.drop();
    }
  }

  private authorized(method: string, url: string, headers: Headers | undefined): Headers {
    const { pathname, search } = new URL(url);
    const authorization = this.fixed ?? this.digest?.header(method, `${pathname}${search}`);
    return { ...headers, ...(authorization !== undefined && { authorization }) };
  }

  /** Whether the answer has brought a challenge that another try may meet. */
  private learn({ status, headers }: HttpAnswer): boolean {
    if (this.digest === undefined) return false;
    const info = headers['authentication-info'];
    const next = /(?:^|[\s,])nextnonce="([^"]*)"/.exec(String(info ?? ''))?.[1];
    if (next) this.digest.renew(next);
    if (status !== 401) return false;
    const fields = headers['www-authenticate'] ?? '';
    const challenge = parseDigestChallenge(Array.isArray(fields) ? fields.join(', ') : fields);
    if (challenge === undefined) return false;
    this.digest.accept(challenge);
    return true;
  }
}
