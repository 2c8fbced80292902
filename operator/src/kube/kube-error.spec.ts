import { describe, expect, it } from 'vitest';
import { isExpired, KubeError } from './kube-error.js';

const status = (reason: string, message: string, details: object = {}): string =>
  JSON.stringify({ kind: 'Status', reason, message, details });

describe('KubeError', () => {
  it.each([
    [409, status('Conflict', 'was modified'), 'apply configmaps ns/a: 409 Conflict: was modified'],
    [404, '404 page not found\n', 'apply configmaps ns/a: 404 UnknownResource'],
    [503, '<html>', 'apply configmaps ns/a: 503 ServiceUnavailable'],
    [418, '[]', 'apply configmaps ns/a: 418 Unknown'],
  ])('%i says what failed', (code, body, message) => {
    const error = KubeError.fromAnswer({ verb: 'apply', resource: 'configmaps', target: 'ns/a' }, code, body);
    expect(error.message).toBe(message);
    expect(error.status).toBe(code);
  });

  it('never quotes the server on a Secret', () => {
    const details = {
      causes: [{ reason: 'FieldValueInvalid', field: 'data[key]', message: 'Invalid value: "hunter2"' }],
    };
    const body = status('Invalid', 'Secret "a" is invalid: data[key]: Invalid value: "hunter2"', details);
    const error = KubeError.fromAnswer({ verb: 'apply', resource: 'secrets', target: 'ns/a' }, 422, body);
    expect(error.message).toBe('apply secrets ns/a: 422 Invalid: data[key] FieldValueInvalid');
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2');
  });

  it('reads after which time to come back from header or body', () => {
    const call = { verb: 'get', resource: 'pods', target: '' };
    expect(KubeError.fromAnswer(call, 429, '', '3').retryAfterSeconds).toBe(3);
    const body = status('Timeout', '', { retryAfterSeconds: 2 });
    expect(KubeError.fromAnswer(call, 504, body).retryAfterSeconds).toBe(2);
    expect(KubeError.fromAnswer(call, 429, '', 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterSeconds).toBeUndefined();
  });

  it('knows what has expired', () => {
    const call = { verb: 'watch', resource: 'pods', target: '' };
    expect(isExpired(KubeError.fromAnswer(call, 410, ''))).toBe(true);
    expect(isExpired(KubeError.fromStatus(call, 500, { reason: 'Expired' }))).toBe(true);
    expect(isExpired(KubeError.fromAnswer(call, 409, ''))).toBe(false);
  });
});
