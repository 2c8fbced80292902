import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { OperatorConfiguration } from '../config/operator-configuration.js';

/** The authority behind the endpoint's certificate, as its file says now: it is renewed while the operator runs. */
@Injectable()
export class EndpointAuthority {
  private readonly log = new Logger('endpoint-authority');
  private readonly file: string | undefined;
  private text: string | undefined;
  private refused: string | undefined;

  constructor(@Inject(OperatorConfiguration) { endpointCaFile }: Pick<OperatorConfiguration, 'endpointCaFile'>) {
    this.file = endpointCaFile;
    this.text = endpointCaFile === undefined ? undefined : readFileSync(endpointCaFile, 'utf8');
  }

  /** Certificates in PEM; undefined where none are configured. */
  get pem(): string | undefined {
    return this.text;
  }

  /** Reads the file again. @returns whether it says something else now */
  refresh(): boolean {
    if (this.file === undefined) return false;
    const before = this.text;
    try {
      const text = readFileSync(this.file, 'utf8');
      // Of several, the first shows that these are certificates.
      if (text !== before) new X509Certificate(text);
      this.text = text;
      this.refused = undefined;
    } catch (error) {
      this.refuse(error instanceof Error ? error.message : String(error));
    }
    return this.text !== before;
  }

  // Apps keep what they have: without an authority they could reach nothing at all.
  private refuse(why: string): void {
    if (this.refused === why) return;
    this.refused = why;
    this.log.warn(`${this.file}: ${why}; apps keep the authority of before`);
  }
}
