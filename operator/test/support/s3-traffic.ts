import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyPair } from '../../src/credentials/key-plan.js';
import type { GatewayReplica } from './gateway-replica.js';

const PAUSE_MS = 15;
const MAX_FAILURES = 5;

/** An app that never stops: it writes and reads through every gateway, one request after another. */
export class S3Traffic {
  readonly failures: string[] = [];
  requests = 0;
  private stopping = false;
  private readonly running: Promise<void>[];

  /**
   * @param key the app's key at this moment; an error is a request that failed
   * @param lastsMs how long a key goes on working after somebody read it: the overlap. A machine that stood still for
   *   longer between reading a key and using it proves nothing.
   */
  constructor(
    gateways: readonly GatewayReplica[],
    private readonly bucket: string,
    private readonly key: () => Promise<KeyPair> | KeyPair,
    private readonly lastsMs = Infinity,
  ) {
    this.running = gateways.map((gateway) => this.run(gateway));
  }

  /** Ends it. @returns what failed first */
  async stop(): Promise<readonly string[]> {
    this.stopping = true;
    await Promise.all(this.running);
    return this.failures;
  }

  private async run({ url, name }: GatewayReplica): Promise<void> {
    let readAt = 0;
    const client = new S3Client({
      endpoint: url,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      // Asked anew for each request, as SDKs do with files that change.
      credentials: async () => {
        readAt = Date.now();
        return { ...(await this.key()), expiration: new Date(0) };
      },
    });
    const object = { Bucket: this.bucket, Key: `traffic-${name}` };
    while (!this.stopping) {
      try {
        await client.send(new PutObjectCommand({ ...object, Body: String(this.requests) }));
        const { Body } = await client.send(new GetObjectCommand(object));
        await Body?.transformToString();
      } catch (error) {
        const isInTime = Date.now() - readAt < this.lastsMs;
        if (isInTime && this.failures.length < MAX_FAILURES) {
          this.failures.push(`${new Date().toISOString()} ${name}: ${String(error)}`);
        }
      }
      this.requests += 2;
      await delay(PAUSE_MS);
    }
    client.destroy();
  }
}
