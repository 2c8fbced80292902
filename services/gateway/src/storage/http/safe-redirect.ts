import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { StorageError } from '../storage-error.js';
import { isPublicAddress } from './public-address.js';

/** Redirects followed for one request. */
export const MAX_REDIRECTS = 5;

const DEFAULT_PORTS = new Map([
  ['http:', '80'],
  ['https:', '443'],
]);

/** Where a redirect leads. */
export interface RedirectTarget {
  readonly url: URL;
  /** The storage's own server, or a host that the administrator has named: its address may be any. Else it must be public. */
  readonly trusted: boolean;
  /** Another origin than that which was asked: it must not get what is the storage's, credentials above all. */
  readonly foreign: boolean;
}

/** Who may be redirected to whom. */
export interface RedirectPolicy {
  /** The storage's own server. */
  readonly own: URL;
  /** `name` or `name:port`, lower case. */
  readonly allowedHosts: readonly string[];
}

/**
 * Decides whether a redirect may be followed. A server, or who controls a file on it, must not use the gateway to reach
 * what only the gateway can reach (server-side request forgery).
 *
 * @param from the URL that was asked
 * @throws StorageError `unavailable`, with a message that says what to allow
 */
export function checkRedirect(from: URL, location: string | undefined, policy: RedirectPolicy): RedirectTarget {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw refused(from, 'redirects to a place that cannot be read');
  }
  const url = new URL(location, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(from, 'redirects to no http(s) URL');
  if (from.protocol === 'https:' && url.protocol === 'http:') throw refused(from, 'redirects from https to http');
  if (url.username !== '' || url.password !== '') throw refused(from, 'redirects to a URL with credentials');
  const trusted = isOwn(url, policy.own) || isAllowed(url, policy.allowedHosts);
  const literal = addressOf(url);
  if (!trusted && (literal === undefined ? isInnerName(url.hostname) : !isPublicAddress(literal))) {
    throw refusedHost(url.host);
  }
  return { url, trusted, foreign: url.origin !== from.origin };
}

/**
 * A lookup that gives public addresses only. It is the connection's own, so the address that is checked is the one that is
 * connected to: a name cannot lead elsewhere the second time it is asked for (DNS rebinding).
 */
export function publicLookup(lookup: LookupFunction = dns.lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const found = typeof addresses === 'string' ? [{ address: addresses, family: isIP(addresses) }] : addresses;
      const [first] = found;
      if (first === undefined || !found.every(({ address }) => isPublicAddress(address))) {
        return callback(refusedHost(hostname), '', 0);
      }
      if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

function isOwn(url: URL, own: URL): boolean {
  if (url.hostname !== own.hostname) return false;
  if (portOf(url) === portOf(own)) return true;
  return own.protocol === 'http:' && portOf(own) === '80' && url.protocol === 'https:' && portOf(url) === '443';
}

function isAllowed(url: URL, allowed: readonly string[]): boolean {
  return allowed.includes(url.hostname) || allowed.includes(`${url.hostname}:${portOf(url)}`);
}

function portOf(url: URL): string {
  return url.port || (DEFAULT_PORTS.get(url.protocol) ?? '');
}

/** The host as an IP address, where it is one: in any of the spellings that URL takes for one. */
function addressOf({ hostname }: URL): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

/** Names that only the machine or the cluster knows: a name without a dot is completed by its search domains. */
function isInnerName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  return !name.includes('.') || /(?:^|\.)(?:localhost|local|internal|svc)$/.test(name) || /\.svc\./.test(`${name}.`);
}

function refused(from: URL, what: string): StorageError {
  return new StorageError('unavailable', `The storage's server ${from.host} ${what}.`);
}

function refusedHost(host: string): StorageError {
  return new StorageError(
    'unavailable',
    `The storage's server redirects to ${host}, which is not on the public internet; if that is right, add it to allowedRedirectHosts.`,
  );
}
