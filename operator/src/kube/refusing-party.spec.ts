import { describe, expect, it } from 'vitest';
import { refusingParty } from './refusing-party.js';

describe('who refused a write', () => {
  it.each([
    [
      'admission webhook "secrets.example.com" denied the request: value s3cr3t of data.KEY is weak',
      'admission webhook "secrets.example.com" denied the request',
    ],
    [
      'Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: Post "https://s3cr3t": EOF',
      'failed calling webhook "w.example.com"',
    ],
    [
      `secrets "a" is forbidden: ValidatingAdmissionPolicy 'no-secrets' with binding 'all' denied request: s3cr3t`,
      `ValidatingAdmissionPolicy 'no-secrets' with binding 'all' denied request`,
    ],
    [
      'secrets "a-s3" is forbidden: exceeded quota: few, requested: count/secrets=1,secrets=1, used: count/secrets=2,secrets=2, limited: count/secrets=2,secrets=2',
      'exceeded quota: few, requested: count/secrets=1,secrets=1, used: count/secrets=2,secrets=2, limited: count/secrets=2,secrets=2',
    ],
  ])('is what is said of %s', (message, party) => {
    expect(refusingParty(message)).toBe(party);
  });

  it('is not told where the words are others', () => {
    expect(refusingParty('Secret "a" is invalid: data[KEY]: Invalid value: "s3cr3t"')).toBeUndefined();
  });
});
