import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import type { S3Request } from '../http/s3-request.js';
import { OPERATION_METADATA, type Operation, type OperationDescription } from './operation.js';
import { OperationTable, type TableEntry } from './operation-table.js';

/** Collects the operations that the modules provide, by their decorators. */
@Injectable()
export class OperationRegistry implements OnModuleInit {
  private table = new OperationTable([]);

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const entries: TableEntry[] = [];
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (!metatype || !instance) continue;
      const description = this.reflector.get<OperationDescription | undefined>(OPERATION_METADATA, metatype);
      if (description) entries.push({ description, operation: instance as Operation<never> });
    }
    this.table = new OperationTable(entries);
  }

  /** The operation that a request asks for. @throws S3Error `NotImplemented`, `MethodNotAllowed` */
  find(request: S3Request): TableEntry {
    return this.table.find(request);
  }
}
