import type { LoggerService } from '@nestjs/common';
// Not from the whole package, which would bring its validators into each serving process.
import { LOG_LEVELS, readLogLevel } from '@bucketway/contract/log-level';
import type { LogLevel } from '@bucketway/contract/log-level';
import { UsageError } from '../cli/usage-error.js';

/** A field of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Members that never reach a log, whoever passes them. */
const SECRET_MEMBER = /^(?:authorization|cookie|key|.*(?:secret|signature|password|token|credential).*)$/i;

/** Contexts in which Nest tells of its own start. */
const FRAMEWORK_CONTEXTS = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/**
 * The application's log: one JSON object a line, or plain lines where a person watches. It goes to standard error;
 * standard output belongs to the access log. Also Nest's logger, whose calls end with the name of a context.
 */
export class ApplicationLog implements LoggerService {
  constructor(
    private readonly write: (line: string) => void,
    private readonly pretty: boolean,
    private readonly base: LogFields = {},
    private readonly threshold: LogLevel = 'info',
  ) {}

  /**
   * A log of this process on standard error.
   *
   * @param base in every line, such as the worker's number
   * @throws UsageError where the environment asks for a level that there is not
   */
  static ofProcess(base: LogFields = {}): ApplicationLog {
    const level = readLogLevel(process.env, (message) => new UsageError(message, 'bucketway serve'));
    return new ApplicationLog((line) => process.stderr.write(line), process.stderr.isTTY, base, level);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.line('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.line('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.line('warn', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.line(FRAMEWORK_CONTEXTS.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.line('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.line('trace', message, rest);
  }

  private line(level: LogLevel, message: unknown, rest: readonly unknown[]): void {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.threshold)) return;
    const fields: Record<string, unknown> = { ...this.base };
    const texts: string[] = [];
    for (const extra of rest) {
      if (extra instanceof Error) fields['error'] = describeError(extra);
      else if (typeof extra === 'object' && extra !== null) Object.assign(fields, extra);
      else if (extra !== undefined) texts.push(textOf(extra));
    }
    // Nest passes (message, stack?, context): the last text is the context.
    const context = texts.pop();
    if (context !== undefined) fields['context'] = context;
    if (texts.length > 0) fields['stack'] = texts.join('\n');
    const text = message instanceof Error ? describeError(message) : textOf(message);
    this.write(this.pretty ? prettyLine(level, text, fields) : jsonLine(level, text, fields));
  }
}

function textOf(message: unknown): string {
  return typeof message === 'string' ? message : (JSON.stringify(message, redact) ?? String(message));
}

function describeError(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describeError(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

function jsonLine(level: LogLevel, message: string, fields: LogFields): string {
  return `${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }, redact)}\n`;
}

function prettyLine(level: LogLevel, message: string, fields: LogFields): string {
  const label = level === 'info' ? '' : `${level}: `;
  const { error, stack, ...rest } = fields;
  const tail = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest, redact)}`;
  return `${label}${message}${tail}${[error, stack].map((text) => (text === undefined ? '' : `\n${textOf(text)}`)).join('')}\n`;
}

function redact(name: string, value: unknown): unknown {
  return SECRET_MEMBER.test(name) && value !== undefined ? 'REDACTED' : value;
}
