import type { AccessLogTarget } from '../config/configuration.js';
import { BufferedWriter } from './buffered-writer.js';
import { RequestObserver } from './request-observer.js';
import type { RequestRecord } from './request-record.js';

/** Takes the lines of an access log. */
export interface AccessLogSink {
  /** @param line with its newline */
  write(line: string): void;
}

/** The longest text of a client in a line, in UTF-16 units: a header of 16 KiB is no reason for a line of 16 KiB. */
const MAX_TEXT = 1024;

/**
 * One JSON object for each request, with the fields of S3's server access log
 * (Amazon S3 user guide, "Amazon S3 server access log format"); a field without a value is `-`, as there.
 */
export class AccessLog extends RequestObserver {
  constructor(private readonly sink: AccessLogSink) {
    super();
  }

  override started(): void {}

  override finished(record: RequestRecord): void {
    this.sink.write(formatAccessLogLine(record));
  }
}

/** Opens the log's target; undefined where it is off. */
export function openAccessLog(target: AccessLogTarget): BufferedWriter | undefined {
  if (target.to === 'off') return undefined;
  return target.to === 'stdout' ? new BufferedWriter(process.stdout.fd) : BufferedWriter.toFile(target.path);
}

/** A record as a line of the access log. Written by hand: it runs once a request. */
export function formatAccessLogLine(record: RequestRecord): string {
  const { principal } = record;
  return (
    `{"time":"${record.time.toISOString()}","bucket":${text(record.bucket)},"remoteIp":${text(record.remoteAddress)},` +
    `"requester":${text(principal?.name)},"accessKeyId":${text(principal?.accessKeyId)},` +
    `"requestId":"${record.requestId}","operation":"${record.operation ?? '-'}","key":${text(record.key)},` +
    `"requestUri":${text(`${record.method} ${record.target}`)},"httpStatus":${record.status},` +
    `"errorCode":"${record.errorCode ?? '-'}","bytesSent":${record.bytesOut},"bytesReceived":${record.bytesIn},` +
    `"objectSize":${record.objectSize ?? '"-"'},"totalTimeMs":${record.totalMs.toFixed(2)},` +
    `"turnAroundTimeMs":${record.turnAroundMs.toFixed(2)},"referer":${text(record.referer)},` +
    `"userAgent":${text(record.userAgent)},"versionId":${text(record.versionId)},` +
    `"signatureVersion":"${record.signatureVersion ?? '-'}","authenticationType":"${record.authenticationType ?? '-'}",` +
    `"hostHeader":${text(record.host)},"tlsVersion":"${record.tlsVersion ?? '-'}"}\n`
  );
}

// JSON's escapes also keep a client from beginning a line of its own.
function text(value: string | undefined): string {
  if (value === undefined) return '"-"';
  return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
}
