import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ConfigurationChange } from '../config/live-configuration.js';
import type { Snapshot } from '../config/snapshot.js';
import { ApplicationLog } from '../observability/application-log.js';
import type { RequestRecord } from '../observability/request-record.js';
import type { GatewayOptions } from './gateway-process.js';
import { SingleProcess } from './single-process.js';
import { UsageKeeper } from '../usage/usage-keeper.js';

const CHANGE: ConfigurationChange = { snapshot: { generation: 1 } as Snapshot, tls: undefined };
const SETTINGS = { listen: { host: '127.0.0.1', port: 0 }, tls: undefined, accessLog: { to: 'off' } } as const;
const LOG = new ApplicationLog(() => {}, false);
const RECORD = { operation: 'GetObject', status: 200, totalMs: 1, turnAroundMs: 1 } as RequestRecord;

/** A fleet whose gateway waits for the end of all requests and cuts them off after the grace, as the real one does. */
async function fleet(): Promise<{ fleet: SingleProcess; observer: GatewayOptions['requestObserver'] }> {
  let options: GatewayOptions | undefined;
  const ended = new EventTarget();
  const single = new SingleProcess(
    async (given) => {
      options = given;
      return {
        listen: async () => SETTINGS.listen,
        close: async (graceMs) => {
          const force = setTimeout(() => ended.dispatchEvent(new Event('all')), graceMs);
          await once(ended, 'all');
          clearTimeout(force);
        },
      };
    },
    SETTINGS,
    LOG,
    new UsageKeeper(LOG),
  );
  await single.start(CHANGE);
  const { requestObserver } = options!;
  const finished = requestObserver.finished.bind(requestObserver);
  requestObserver.finished = (record) => {
    finished(record);
    ended.dispatchEvent(new Event('all'));
  };
  return { fleet: single, observer: requestObserver };
}

describe('SingleProcess', () => {
  it('says when requests were cut off', async () => {
    const { fleet: single, observer } = await fleet();
    observer.started('GetObject');
    expect(await single.close(5)).toBe(false);
  });

  it('says when all requests ended in time', async () => {
    const { fleet: single, observer } = await fleet();
    observer.started('GetObject');
    const closed = single.close(60_000);
    observer.finished(RECORD);
    expect(await closed).toBe(true);
  });

  it('cuts nothing off where only silent connections are left', async () => {
    const { fleet: single, observer } = await fleet();
    observer.started('GetObject');
    observer.finished(RECORD);
    expect(await single.close(5)).toBe(true);
  });
});
