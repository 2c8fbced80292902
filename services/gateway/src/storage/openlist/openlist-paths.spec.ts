import { describe, expect, it } from 'vitest';
import { parseStoragePath, ROOT, type StoragePath } from '../storage-path.js';
import { folderOf, nameOf, OpenlistPaths } from './openlist-paths.js';

const at = (text: string): StoragePath => parseStoragePath(text);

describe('OpenlistPaths', () => {
  const paths = new OpenlistPaths('https://list.example/base', '/drive/team', 'token');

  it('are below the served folder', () => {
    expect(paths.absolute(ROOT)).toBe('/drive/team');
    expect(paths.absolute(at('a/b'))).toBe('/drive/team/a/b');
    const top = new OpenlistPaths('https://list.example', '/', 'token');
    expect([top.absolute(ROOT), top.absolute(at('a'))]).toEqual(['/', '/a']);
  });

  it.each(['a\\b', '..\\b', 'a//b', '/a', 'a/', './a', 'a/../b', '..'])(
    'are refused where OpenList would take %j for another',
    (path) => {
      expect(() => paths.absolute(path as StoragePath)).toThrow(/must not contain/);
    },
  );

  it('are escaped segment by segment', () => {
    expect(paths.webdav('/d/ü ñ+&?#%2F')).toBe('https://list.example/base/dav/d/%C3%BC%20%C3%B1%2B%26%3F%23%252F');
  });

  it('are signed whole, with what the account is confined to, and not for ever', () => {
    const url = new URL(paths.download('/d/f', '/home'));
    expect(url.pathname).toBe('/base/d/home/d/f');
    const [, expiry] = /^[\w-]{43}=:(\d+)$/.exec(url.searchParams.get('sign') ?? '') ?? [];
    expect(Number(expiry) - Date.now() / 1000).toBeGreaterThan(3600);
    expect(paths.download('/d/f', '/')).not.toContain('home');
  });

  it('have a folder and a name', () => {
    expect([folderOf('/a/b'), nameOf('/a/b'), folderOf('/a'), nameOf('/a')]).toEqual(['/a', 'b', '/', 'a']);
  });
});
