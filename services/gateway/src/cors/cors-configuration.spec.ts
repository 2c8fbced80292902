import { describe, expect, it } from 'vitest';
import { corsConfigurationDocument, parseCorsConfiguration } from './cors-configuration.js';

const ORIGIN = '<AllowedOrigin>https://app.test</AllowedOrigin>';
const METHOD = '<AllowedMethod>GET</AllowedMethod>';

describe('parseCorsConfiguration', () => {
  it('reads all that a rule can say, and writes it again', () => {
    const rules = parse(
      rule(
        `<ID>one</ID><AllowedHeader>x-amz-*</AllowedHeader><AllowedHeader>Date</AllowedHeader>${METHOD}<AllowedMethod>PUT</AllowedMethod>` +
          `${ORIGIN}<AllowedOrigin>*</AllowedOrigin><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>300</MaxAgeSeconds>`,
      ) + rule(ORIGIN + METHOD),
    );
    expect(rules).toEqual([
      {
        id: 'one',
        allowedOrigins: ['https://app.test', '*'],
        allowedMethods: ['GET', 'PUT'],
        allowedHeaders: ['x-amz-*', 'Date'],
        exposeHeaders: ['ETag'],
        maxAgeSeconds: 300,
      },
      { allowedOrigins: ['https://app.test'], allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [] },
    ]);
    expect(parseCorsConfiguration(Buffer.from(corsConfigurationDocument(rules)))).toEqual(rules);
  });

  it('takes 100 rules', () => {
    expect(parse(rule(ORIGIN + METHOD).repeat(100))).toHaveLength(100);
  });

  it.each([
    ['no rule', '', 'MalformedXML'],
    ['101 rules', rule(ORIGIN + METHOD).repeat(101), 'InvalidRequest'],
    ['a rule without origin', rule(METHOD), 'MalformedXML'],
    ['a rule without method', rule(ORIGIN), 'MalformedXML'],
    ['an empty origin', rule(`<AllowedOrigin/>${METHOD}`), 'MalformedXML'],
    ['a method that S3 does not have', rule(`${ORIGIN}<AllowedMethod>PATCH</AllowedMethod>`), 'InvalidRequest'],
    ['a method in small letters', rule(`${ORIGIN}<AllowedMethod>get</AllowedMethod>`), 'InvalidRequest'],
    ['two wildcards in an origin', rule(`<AllowedOrigin>*a*</AllowedOrigin>${METHOD}`), 'InvalidRequest'],
    ['two wildcards in a header', rule(`${ORIGIN}${METHOD}<AllowedHeader>*-*</AllowedHeader>`), 'InvalidRequest'],
    ['a wildcard in an exposed header', rule(`${ORIGIN}${METHOD}<ExposeHeader>*</ExposeHeader>`), 'InvalidRequest'],
    [
      'a line break in an exposed header',
      rule(`${ORIGIN}${METHOD}<ExposeHeader>a&#13;&#10;Set-Cookie</ExposeHeader>`),
      'InvalidRequest',
    ],
    ['a negative age', rule(`${ORIGIN}${METHOD}<MaxAgeSeconds>-1</MaxAgeSeconds>`), 'MalformedXML'],
    ['two ages', rule(`${ORIGIN}${METHOD}${'<MaxAgeSeconds>1</MaxAgeSeconds>'.repeat(2)}`), 'MalformedXML'],
    ['an ID that is too long', rule(`<ID>${'x'.repeat(256)}</ID>${ORIGIN}${METHOD}`), 'MalformedXML'],
    ['an unknown element', rule(`${ORIGIN}${METHOD}<AllowAll/>`), 'MalformedXML'],
    ['something else than a rule', `${rule(ORIGIN + METHOD)}<Rule/>`, 'MalformedXML'],
  ])('refuses %s', (_, xml, code) => {
    expect(() => parse(xml)).toThrow(expect.objectContaining({ code }));
  });
});

function rule(xml: string): string {
  return `<CORSRule>${xml}</CORSRule>`;
}

function parse(rules: string): ReturnType<typeof parseCorsConfiguration> {
  return parseCorsConfiguration(Buffer.from(`<CORSConfiguration>${rules}</CORSConfiguration>`));
}
