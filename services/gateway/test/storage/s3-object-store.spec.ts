import { afterAll, beforeAll, describe } from 'vitest';
import { objectStoreContract } from '../contract/object-store.contract.js';
import { MAIN, startGateway } from '../support/running-gateway.js';
import { S3_SERVERS, type RunningS3Server, type S3ServerKind } from '../support/s3-server.js';
import { makeUpstreamBucket, upstreamOptions, UpstreamFixture } from '../support/s3-upstream.js';

const OWN: S3ServerKind = {
  name: 'another gateway',
  needs: 'nothing',
  there: true,
  hierarchical: true,
  start: async () => {
    const gateway = await startGateway();
    return { endpoint: gateway.endpoint, ...MAIN, stop: async () => await gateway[Symbol.asyncDispose]() };
  },
};

for (const kind of [OWN, ...S3_SERVERS]) {
  describe.skipIf(!kind.there)(`S3 as a storage: ${kind.name} (needs ${kind.needs})`, () => {
    let server: RunningS3Server;
    let fixture: UpstreamFixture;

    beforeAll(async () => {
      server = await kind.start();
      await makeUpstreamBucket(server, 'upstream');
      fixture = new UpstreamFixture(server, kind, upstreamOptions(server, { prefix: 'tenants/' }));
    });
    afterAll(async () => {
      fixture.close();
      await server.stop();
    });

    objectStoreContract(kind.name, () => fixture.store());
  });
}
