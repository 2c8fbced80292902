import { GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { Secret } from '../../src/kube/core-objects.js';
import { keyPairOfSecret } from '../../src/credentials/app-secret.js';
import type { KeyPair } from '../../src/credentials/key-plan.js';
import type { GatewayReplica } from './gateway-replica.js';

let count = 0;

/** A key pair in the hands of an app, which uses it on every gateway. */
export class AppKeys {
  constructor(
    readonly pair: KeyPair,
    private readonly gateways: readonly GatewayReplica[],
  ) {}

  static ofSecret(secret: Secret, gateways: readonly GatewayReplica[]): AppKeys {
    const pair = keyPairOfSecret(secret);
    if (pair === undefined) throw new Error(`the Secret ${secret.metadata.name} holds no key pair`);
    return new AppKeys(pair, gateways);
  }

  get id(): string {
    return this.pair.accessKeyId;
  }

  /** One client for each gateway. */
  clients(): S3Client[] {
    return this.gateways.map(
      ({ url }) =>
        new S3Client({
          endpoint: url,
          region: 'us-east-1',
          forcePathStyle: true,
          maxAttempts: 1,
          // A copy: the SDK writes into it.
          credentials: { ...this.pair },
        }),
    );
  }

  /** Writes an object through each gateway and reads it through the next. @throws what a gateway answered */
  async use(bucket: string): Promise<void> {
    const clients = this.clients();
    try {
      for (const [index, client] of clients.entries()) {
        const Key = `use-${++count}.txt`;
        await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'text' }));
        const other = clients[(index + 1) % clients.length] as S3Client;
        const { Body } = await other.send(new GetObjectCommand({ Bucket: bucket, Key }));
        await Body?.transformToString();
      }
    } finally {
      for (const client of clients) client.destroy();
    }
  }

  /** What each gateway says to an attempt to write: the error's code, or `ok`. */
  async tryWriting(bucket: string): Promise<string[]> {
    return await this.ask((client) => client.send(new PutObjectCommand({ Bucket: bucket, Key: 'try', Body: 'text' })));
  }

  /** What each gateway says to an attempt to read. */
  async tryReading(bucket: string, key: string): Promise<string[]> {
    return await this.ask(async (client) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      await Body?.transformToString();
    });
  }

  private async ask(attempt: (client: S3Client) => Promise<unknown>): Promise<string[]> {
    const clients = this.clients();
    const answers = clients.map(async (client) => {
      try {
        await attempt(client);
        return 'ok';
      } catch (error) {
        return error instanceof S3ServiceException ? error.name : `no answer: ${String(error)}`;
      } finally {
        client.destroy();
      }
    });
    return await Promise.all(answers);
  }
}
