import { describe, expect, it } from 'vitest';
import { OpenlistError } from './openlist-error.js';

describe('OpenlistError', () => {
  it.each([
    [500, 'failed to get obj: object not found', 'not-found'],
    [500, 'failed get objs: failed get dir: failed to get obj: object not found', 'not-found'],
    [500, 'failed get storage: storage not found; rawPath: /nowhere', 'not-found'],
    [500, 'storage not init: storage status: object not found', 'unavailable'],
    [500, 'open /no/such/dir: no such file or directory', 'unavailable'],
    [500, 'failed get objs: not a folder', 'not-folder'],
    [500, 'failed to get obj: stat /data/a.txt/x: not a directory', 'not-folder'],
    [500, 'failed to make dir [/a.txt]: file exists', 'not-folder'],
    [500, 'open /data/d: is a directory', 'is-folder'],
    [500, 'open /data/long: file name too long', 'name-too-long'],
    [403, 'file [NAME] exists', 'exists'],
    [403, 'file exists', 'exists'],
    [403, 'using relative path is not allowed', 'unsupported-name'],
    [403, 'system file upload ignored', 'unsupported-name'],
    [403, 'permission denied', 'denied'],
    [403, 'Refresh without permission', 'denied'],
    [500, 'write /data/f: no space left on device', 'no-space'],
    [500, 'open /data/f: read-only file system', 'read-only'],
    [405, 'upload not supported', 'read-only'],
    [401, 'token is invalidated', 'unavailable'],
    [429, 'Too many unsuccessful sign-in attempts', 'unavailable'],
    [500, 'dial tcp 10.0.0.1:443: i/o timeout', 'unavailable'],
  ])('takes code %i and %j for %s', (code, text, meaning) => {
    expect(new OpenlistError(code, text, 'list a folder').code).toBe(meaning);
  });

  it('takes a write outside every storage for refused, not for a file that is missing', () => {
    const text = 'failed get storage: storage not found; rawPath: /nowhere';
    expect(new OpenlistError(500, text, 'take an upload').code).toBe('read-only');
  });
});
