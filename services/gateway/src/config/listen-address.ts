import { isIPv6 } from 'node:net';
import type { ListenAddress } from './configuration.js';

/** What an address to listen on must be, for messages. */
export const LISTEN_ADDRESS_RULE = 'HOST:PORT such as 0.0.0.0:9000 or [::]:9000';

/** Where S3 is served, and the admin port, unless the configuration says. */
export const DEFAULT_LISTEN = '0.0.0.0:9000';
export const DEFAULT_ADMIN = '0.0.0.0:9001';

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/;

/** Whether a value is `HOST:PORT`; without a host it is every address of the machine. */
export function isListenAddress(value: unknown): value is string {
  const match = typeof value === 'string' ? ADDRESS.exec(value) : null;
  return match !== null && Number(match[3]) <= 65_535 && (match[1] === undefined || isIPv6(match[1]));
}

/** Reads an address for which {@link isListenAddress} holds. */
export function parseListenAddress(text: string): ListenAddress {
  const match = ADDRESS.exec(text);
  if (match === null) throw new TypeError(`${text} is not ${LISTEN_ADDRESS_RULE}`);
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port: Number(match[3]) };
}

/** `HOST:PORT`, with brackets around IPv6. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
