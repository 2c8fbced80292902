import { ConsoleLogger } from '@nestjs/common';
import type { LogLevel as NestLogLevel } from '@nestjs/common';
import { LOG_LEVELS } from '@bucketway/contract/log-level';
import type { LogLevel } from '@bucketway/contract/log-level';

/** Contexts in which Nest tells of its own start. */
const FRAMEWORK_CONTEXTS: ReadonlySet<unknown> = new Set(['InstanceLoader', 'NestFactory']);

const NEST_LEVELS: Readonly<Record<LogLevel, NestLogLevel>> = {
  fatal: 'fatal',
  error: 'error',
  warn: 'warn',
  info: 'log',
  debug: 'debug',
  trace: 'verbose',
};

/** The operator's log: one JSON object a line, or plain lines where a person watches. */
export class OperatorLog extends ConsoleLogger {
  /** @param level what is rarer than it is told too, and nothing else */
  constructor(isTerminal: boolean, level: LogLevel) {
    const told = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
    super({ json: !isTerminal, colors: isTerminal, logLevels: told.map((name) => NEST_LEVELS[name]) });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (FRAMEWORK_CONTEXTS.has(rest.at(-1))) this.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}
