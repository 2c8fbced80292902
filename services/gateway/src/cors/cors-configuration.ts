import type { CorsRule } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import { compileDocument, compileTemplate } from '../xml/xml-template.js';
import type { XmlElement } from '../xml/xml-element.js';
import { parseXml } from '../xml/xml-reader.js';
import { CORS_METHODS } from './cors-rules.js';

const MAX_RULES = 100;
const MAX_ID_LENGTH = 255;
const RULE_ELEMENTS = new Set([
  'ID',
  'AllowedHeader',
  'AllowedMethod',
  'AllowedOrigin',
  'ExposeHeader',
  'MaxAgeSeconds',
]);
/** A header name, in which a rule may have a wildcard (RFC 9110, "token"). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;

/**
 * Parses the document of PutBucketCors.
 *
 * @throws S3Error `MalformedXML`, `InvalidRequest`
 */
export function parseCorsConfiguration(document: Buffer): readonly CorsRule[] {
  const root = parseXml(document, 'CORSConfiguration');
  const rules = root.children('CORSRule');
  if (rules.length === 0 || rules.length !== root.children().length) {
    throw malformed('CORSConfiguration must hold CORSRule elements and nothing else');
  }
  if (rules.length > MAX_RULES) {
    throw invalid(`The number of CORS rules should not exceed allowed limit of ${MAX_RULES} rules.`);
  }
  return rules.map(parseRule);
}

function parseRule(rule: XmlElement): CorsRule {
  for (const { name } of rule.children()) {
    if (!RULE_ELEMENTS.has(name)) throw malformed(`CORSRule has the unknown element ${name}`);
  }
  const id = rule.optionalText('ID');
  if (id !== undefined && id.length > MAX_ID_LENGTH) throw malformed(`ID has more than ${MAX_ID_LENGTH} characters`);
  const maxAgeSeconds = parseMaxAge(rule.optionalText('MaxAgeSeconds'));
  return {
    ...(id === undefined ? {} : { id }),
    allowedOrigins: atLeastOne(rule, 'AllowedOrigin').map(checkWildcards),
    allowedMethods: atLeastOne(rule, 'AllowedMethod').map(checkMethod),
    allowedHeaders: rule.children('AllowedHeader').map(checkWildcards).map(checkHeaderName),
    exposeHeaders: rule.children('ExposeHeader').map(checkExposed).map(checkHeaderName),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  };
}

function atLeastOne(rule: XmlElement, name: string): readonly XmlElement[] {
  const elements = rule.children(name);
  if (elements.length === 0) throw malformed(`CORSRule has no ${name}`);
  return elements;
}

function checkMethod({ value }: XmlElement): string {
  if (CORS_METHODS.includes(value)) return value;
  throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${value}`);
}

function checkWildcards({ name, value }: XmlElement): string {
  if (value === '') throw malformed(`${name} is empty`);
  if (value.indexOf('*') === value.lastIndexOf('*')) return value;
  throw invalid(`${name} "${value}" can not have more than one wildcard.`);
}

function checkExposed({ name, value }: XmlElement): string {
  if (!value.includes('*')) return value;
  throw invalid(`${name} "${value}" contains wildcard. We currently do not support wildcard for ${name}.`);
}

// The names go into response headers.
function checkHeaderName(value: string): string {
  if (HEADER_NAME.test(value)) return value;
  throw invalid(`"${value}" is not the name of a header.`);
}

function parseMaxAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw malformed('MaxAgeSeconds must be a whole number');
}

function malformed(why: string): S3Error {
  return new S3Error('MalformedXML', { message: `The XML you provided is not valid: ${why}.` });
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', { message });
}

interface Text {
  readonly text: string;
}

interface RuleValues {
  readonly id: string | undefined;
  readonly origins: readonly Text[];
  readonly methods: readonly Text[];
  readonly headers: readonly Text[];
  readonly exposed: readonly Text[];
  readonly maxAge: number | undefined;
}

const textElement = (name: string): ReturnType<typeof compileTemplate<Text>> =>
  compileTemplate<Text>(name, (xml, slot) => void xml.txt(slot.value('text')));

const RULE = compileTemplate<RuleValues>('CORSRule', (xml, slot) => {
  slot.leaf(xml, 'ID', 'id');
  slot.part(xml, 'headers', textElement('AllowedHeader'));
  slot.part(xml, 'methods', textElement('AllowedMethod'));
  slot.part(xml, 'origins', textElement('AllowedOrigin'));
  slot.part(xml, 'exposed', textElement('ExposeHeader'));
  slot.leaf(xml, 'MaxAgeSeconds', 'maxAge');
});

const DOCUMENT = compileDocument<{ readonly rules: readonly RuleValues[] }>('CORSConfiguration', (xml, slot) => {
  slot.part(xml, 'rules', RULE);
});

/** The answer to GetBucketCors. */
export function corsConfigurationDocument(rules: readonly CorsRule[]): string {
  return DOCUMENT.render({
    rules: rules.map((rule) => ({
      id: rule.id,
      origins: rule.allowedOrigins.map(asText),
      methods: rule.allowedMethods.map(asText),
      headers: rule.allowedHeaders.map(asText),
      exposed: rule.exposeHeaders.map(asText),
      maxAge: rule.maxAgeSeconds,
    })),
  });
}

function asText(text: string): Text {
  return { text };
}
