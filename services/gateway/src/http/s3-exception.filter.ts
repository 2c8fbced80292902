import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { exchangeOf } from './exchanges.js';
import { Responder } from './responder.js';

/** Turns whatever a request fails with into S3's error document. The only place where errors become answers. */
@Catch()
@Injectable()
export class S3ExceptionFilter implements ExceptionFilter {
  constructor(private readonly responder: Responder) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const { raw } = host.switchToHttp().getRequest<FastifyRequest>();
    const exchange = exchangeOf(raw);
    if (exchange === undefined) throw error;
    await this.responder.sendError(exchange, error);
  }
}
