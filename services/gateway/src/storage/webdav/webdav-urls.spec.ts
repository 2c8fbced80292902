import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROOT, type StoragePath } from '../storage-path.js';
import { WebdavUrls } from './webdav-urls.js';

const urls = new WebdavUrls('https://dav.example/remote/%C3%BC%20x');
const at = (text: string): StoragePath => text as StoragePath;

describe('WebdavUrls', () => {
  it('encodes every byte but the unreserved ones', () => {
    expect(urls.file(at("a b/#?%;+&<>\\'()*!é~._-"))).toBe(
      'https://dav.example/remote/%C3%BC%20x/a%20b/%23%3F%25%3B%2B%26%3C%3E%5C%27%28%29%2A%21%C3%A9~._-',
    );
    expect(urls.folder(at('d'))).toBe('https://dav.example/remote/%C3%BC%20x/d/');
    expect(urls.folder(ROOT)).toBe('https://dav.example/remote/%C3%BC%20x/');
  });

  it.each([
    ['/remote/%c3%bc x/d', ''],
    ['/remote/%C3%BC%20x/d/', ''],
    ['/remote/%C3%BC%20x/d/f%2Bg', 'f+g'],
    ['/remote/%C3%BC%20x/d/e/', 'e'],
    ['HTTPS://DAV.example/remote/%C3%BC%20x/d/f', 'f'],
    ['/remote/%C3%BC%20x/d/%25', '%'],
  ])('finds the place of %s', (href, place) => {
    expect(urls.place(at('d'), href)).toBe(place);
  });

  it.each([
    '/remote/%C3%BC%20x/',
    '/remote/%C3%BC%20x/e',
    '/remote/%C3%BC%20x/d/e/f',
    '/remote/%C3%BC%20x/d/../e',
    '/remote/%C3%BC%20x/d/..',
    '/remote/%C3%BC%20x/d/%2e%2e',
    '/remote/%C3%BC%20x/d/.',
    '/remote/%C3%BC%20x/d/a%2Fb',
    '/remote/%C3%BC%20x/d/a%00',
    '/remote/%C3%BC%20x/d//',
    '/remote/%C3%BC%20x/d/%ff',
    '/remote/%C3%BC%20x/d/%',
    '//dav.example/remote/%C3%BC%20x/d/f',
    'https://other.example/remote/%C3%BC%20x/d/f',
    'https://dav.example@other.example/remote/%C3%BC%20x/d/f',
    'remote/%C3%BC%20x/d/f',
    'd/f',
    '',
  ])('takes %j for none of its own', (href) => {
    expect(urls.place(at('d'), href)).toBeUndefined();
  });

  it('finds every name again', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..' && name.isWellFormed());
    fc.assert(
      fc.property(segment, segment, (folder, name) => {
        const { pathname } = new URL(urls.file(at(`${folder}/${name}`)));
        expect(urls.place(at(folder), pathname)).toBe(name);
      }),
    );
  });
});
