/**
 * The bucket that a `Host` header names in virtual-hosted style, or undefined for path style: a host that is none of the
 * configured domains, or is one itself, an address, or a name that somebody rebound to this server.
 *
 * @param domains lower case; of two that match the longer first
 */
export function bucketOfHost(host: string, domains: readonly string[]): string | undefined {
  if (domains.length === 0) return undefined;
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  for (const domain of domains) {
    if (name === domain) return undefined;
    if (name.length > domain.length + 1 && name.endsWith(domain) && name[name.length - domain.length - 1] === '.') {
      return name.slice(0, -domain.length - 1);
    }
  }
  return undefined;
}
