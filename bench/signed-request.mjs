import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const hmac = (key, data) => createHmac('sha256', key).update(data).digest();
const EMPTY = sha256('');

/** A client of one endpoint: signs by header (SigV4), keeps its connections, and reads answers to their end. */
export class SignedRequest {
  constructor({ endpoint, accessKey, secretKey, region = 'us-east-1' }) {
    this.url = new URL(endpoint);
    this.accessKey = accessKey;
    this.secretKey = secretKey;
    this.region = region;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  }

  /** Sends a request; resolves with the status, the bytes of the answer, and its text where `text` is set. */
  send(method, path, { query = '', body, hash = EMPTY, text = false } = {}) {
    const headers = this.sign(method, path, query, hash);
    if (body) headers['content-length'] = body.length;
    const { hostname, port } = this.url;
    return new Promise((resolve, reject) => {
      const request = http.request(
        { hostname, port, method, path: query ? `${path}?${query}` : path, headers, agent: this.agent },
        (response) => {
          let bytes = 0;
          const pieces = [];
          response.on('data', (chunk) => {
            bytes += chunk.length;
            if (text) pieces.push(chunk);
          });
          response.on('end', () =>
            resolve({ status: response.statusCode, bytes, text: Buffer.concat(pieces).toString() }),
          );
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  close() {
    this.agent.destroy();
  }

  sign(method, path, query, hash) {
    const date = `${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
    const day = date.slice(0, 8);
    const names = 'host;x-amz-content-sha256;x-amz-date';
    const canonical = `${method}\n${path}\n${query}\nhost:${this.url.host}\nx-amz-content-sha256:${hash}\nx-amz-date:${date}\n\n${names}\n${hash}`;
    const scope = `${day}/${this.region}/s3/aws4_request`;
    const signature = hmac(this.key(day), `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex');
    return {
      host: this.url.host,
      'x-amz-content-sha256': hash,
      'x-amz-date': date,
      authorization: `AWS4-HMAC-SHA256 Credential=${this.accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    };
  }

  key(day) {
    if (this.keyDay !== day) {
      this.signingKey = ['s3', 'aws4_request'].reduce(
        (key, part) => hmac(key, part),
        hmac(hmac(`AWS4${this.secretKey}`, day), this.region),
      );
      this.keyDay = day;
    }
    return this.signingKey;
  }
}
