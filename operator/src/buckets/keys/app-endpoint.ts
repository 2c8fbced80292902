import { Inject, Injectable } from '@nestjs/common';
import { OperatorConfiguration } from '../../config/operator-configuration.js';
import { EndpointAuthority } from '../../credentials/endpoint-authority.js';
import type { SecretFacts } from '../../credentials/secret-formats/secret-facts.js';

/** What apps are told of the endpoint, beside their keys. */
@Injectable()
export class AppEndpoint {
  constructor(
    private readonly authority: EndpointAuthority,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
  ) {}

  /** As of now: the authority may be renewed. */
  get facts(): Pick<SecretFacts, 'endpoint' | 'region' | 'addressingStyle' | 'ca'> {
    const { endpoint, region, addressingStyle } = this.configuration;
    const { pem } = this.authority;
    return { endpoint, region, addressingStyle, ...(pem !== undefined && { ca: pem }) };
  }
}
