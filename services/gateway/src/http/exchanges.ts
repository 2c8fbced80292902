import type { IncomingMessage } from 'node:http';
import type { Exchange } from './exchange.js';

// A property, not a WeakMap: an ephemeron keeps its request alive until a full collection, tens of megabytes at speed.
const EXCHANGE = Symbol('exchange');

interface Carrier extends IncomingMessage {
  [EXCHANGE]?: Exchange;
}

/** Ties an exchange to its request, so that the exception filter finds it. */
export function rememberExchange(exchange: Exchange): void {
  (exchange.raw as Carrier)[EXCHANGE] = exchange;
}

export function exchangeOf(raw: IncomingMessage): Exchange | undefined {
  return (raw as Carrier)[EXCHANGE];
}
