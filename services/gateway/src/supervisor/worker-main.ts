import 'reflect-metadata';
import { createGateway } from '../gateway.js';
import { ApplicationLog } from '../observability/application-log.js';
import { GatewayRunner } from './gateway-runner.js';
import { REQUESTS_CUT_OFF } from './worker-messages.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

/** How long a worker whose supervisor died lets its requests run, in milliseconds. */
const ORPHAN_GRACE_MS = 10_000;

let runner: GatewayRunner | undefined;
let ending = false;

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

async function start({ worker, settings, change }: Extract<ToWorker, { type: 'start' }>): Promise<void> {
  try {
    const log = ApplicationLog.ofProcess({ worker });
    runner = new GatewayRunner(createGateway, settings, change, log, (changes) => send({ type: 'usage', changes }));
    const address = await runner.start();
    send({ type: 'applied', generation: change.snapshot.generation });
    send({ type: 'listening', address });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    send({ type: 'failed', message, code });
  }
}

async function end(graceMs: number): Promise<void> {
  if (ending) return;
  ending = true;
  const inTime = (await runner?.close(graceMs)) ?? true;
  process.exit(inTime ? 0 : REQUESTS_CUT_OFF);
}

async function receive(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'start':
      return await start(message);
    case 'change':
      await runner?.apply(message.change);
      return send({ type: 'applied', generation: message.change.snapshot.generation });
    case 'report':
    case 'metrics':
    case 'key-uses':
    case 'measure':
      if (runner !== undefined)
        send({ type: 'answer', question: message.question, answer: await answer(runner, message) });
      return;
    case 'usage':
      return runner?.learnUsage(message.usages);
    case 'drain':
      return await end(message.graceMs);
  }
}

async function answer(
  of: GatewayRunner,
  message: Extract<ToWorker, { question: number }>,
): Promise<Extract<FromWorker, { type: 'answer' }>['answer']> {
  switch (message.type) {
    case 'report':
      return await of.report();
    case 'metrics':
      return await of.metrics();
    case 'key-uses':
      return of.keyUseTimes();
    case 'measure':
      return await of.measure(message.path);
  }
}

process.on('message', (message: ToWorker) => void receive(message));
process.on('disconnect', () => void end(ORPHAN_GRACE_MS));
// A terminal's Ctrl-C and a service manager's stop reach every process of the group; the supervisor decides.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
send({ type: 'hello' });
