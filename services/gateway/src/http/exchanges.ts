import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange.js';

const exchanges = new WeakMap<IncomingMessage, Exchange>();

/** Ties an exchange to its request, so that the exception filter finds it. */
export function rememberExchange(exchange: Exchange): void {
  exchanges.set(exchange.raw, exchange);
}

export function exchangeOf(raw: IncomingMessage): Exchange | undefined {
  return exchanges.get(raw);
}
