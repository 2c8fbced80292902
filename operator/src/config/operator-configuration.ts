import 'reflect-metadata';
import { isBucketName, Rule } from '@bucketway/contract';
import { Type } from 'class-transformer';
import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const NAME_RULE = 'must be a name of lower-case letters, digits, - and .';
const MAX_PORT = 65_535;

/** `documents` of operator.yaml: the ConfigMaps and Secrets that the gateways mount. */
export class DocumentsSection {
  /** What their names begin with: NAME-mappings-0, NAME-credentials-0, … */
  @Matches(DNS_SUBDOMAIN, { message: NAME_RULE })
  readonly name!: string;

  /** Pairs of ConfigMap and Secret. The same number as in the gateway's volume, and never to be changed to fewer. */
  @Max(256, { message: 'must be at most 256' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of pairs' })
  readonly shards: number = 16;
}

/** `gateways` of operator.yaml: the pods that serve S3. */
export class GatewaysSection {
  @MinLength(1, { message: 'must be a label selector, such as app.kubernetes.io/component=gateway' })
  @IsString({ message: 'must be a label selector, such as app.kubernetes.io/component=gateway' })
  readonly selector!: string;

  @Max(MAX_PORT, { message: 'must be a port' })
  @Min(1, { message: 'must be a port' })
  @IsInt({ message: 'must be a port' })
  readonly s3Port: number = 9000;

  @Max(MAX_PORT, { message: 'must be a port' })
  @Min(1, { message: 'must be a port' })
  @IsInt({ message: 'must be a port' })
  readonly adminPort: number = 9001;

  /** Whether the pods' S3 port speaks TLS. Their certificate is not checked: pods are asked by address. */
  @IsBoolean({ message: 'must be true or false' })
  readonly tls: boolean = false;
}

/** `leaderElection` of operator.yaml. */
export class LeaderElectionSection {
  @IsBoolean({ message: 'must be true or false' })
  readonly enabled: boolean = true;

  @Matches(DNS_SUBDOMAIN, { message: NAME_RULE })
  readonly leaseName: string = 'bucketway-operator';
}

/** `massDeletion` of operator.yaml: what a bad prune must exceed to be held for a while. */
export class MassDeletionSection {
  /** Seconds that removals are held; 0 never holds. */
  @Max(3600, { message: 'must be at most 3600' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number of seconds' })
  readonly holdSeconds: number = 60;

  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of buckets' })
  readonly minimumBuckets: number = 10;

  @Max(100, { message: 'must be at most 100' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of percent' })
  readonly percent: number = 20;
}

/** operator.yaml as it is written. */
export class OperatorConfiguration {
  /** Where the operator, the gateways and the documents are. */
  @Matches(DNS_LABEL, { message: 'must be the name of a namespace' })
  readonly namespace!: string;

  /** What clients are told: the URL of the gateways' Service, or of what stands before it. */
  @Rule('isEndpoint', isEndpoint, 'a URL such as http://bucketway.storage.svc:9000, without a path')
  readonly endpoint!: string;

  @Matches(/^[a-z0-9-]{1,64}$/, { message: 'must be a region such as us-east-1' })
  readonly region: string = 'us-east-1';

  @IsIn(['path', 'virtual'], { message: 'must be path or virtual' })
  readonly addressingStyle: 'path' | 'virtual' = 'path';

  /** PEM file of the authority that signed the endpoint's certificate, handed to apps that ask for the format Files. */
  @IsOptional()
  @IsString({ message: 'must be the path of a file' })
  readonly endpointCaFile?: string;

  @ValidateNested({ message: 'must be an object with name' })
  @IsDefined({ message: 'is missing: say what the names of the documents begin with' })
  @Type(() => DocumentsSection)
  readonly documents!: DocumentsSection;

  @ValidateNested({ message: 'must be an object with selector' })
  @IsDefined({ message: 'is missing: say which pods serve S3' })
  @Type(() => GatewaysSection)
  readonly gateways!: GatewaysSection;

  /** Namespaces whose S3Buckets are served; empty for all. */
  @ArrayUnique({ message: 'must not name a namespace twice' })
  @Matches(DNS_LABEL, { each: true, message: 'must be a list of names of namespaces' })
  @IsArray({ message: 'must be a list of names of namespaces' })
  readonly watchNamespaces: readonly string[] = [];

  /** Buckets that the gateways' configuration file fixes: no S3Bucket gets such a name. */
  @Rule('areBucketNames', areBucketNames, 'a list of names of buckets')
  readonly reservedBuckets: readonly string[] = [];

  /** Which namespaces may map which paths; read by `parsePolicy`. */
  @IsDefined({ message: 'is missing: without a policy no S3Bucket is accepted' })
  readonly policy!: unknown;

  @ValidateNested({ message: 'must be an object' })
  @Type(() => LeaderElectionSection)
  readonly leaderElection: LeaderElectionSection = new LeaderElectionSection();

  @ValidateNested({ message: 'must be an object' })
  @Type(() => MassDeletionSection)
  readonly massDeletion: MassDeletionSection = new MassDeletionSection();

  /** Address of /healthz, /readyz and /metrics. */
  @Matches(/^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i, { message: 'must be an address such as 0.0.0.0:8080' })
  readonly listen: string = '0.0.0.0:8080';

  /** Seconds that the deletion of an S3Bucket waits for gateways that do not acknowledge. */
  @Max(3600, { message: 'must be at most 3600' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of seconds' })
  readonly deletionGraceSeconds: number = 30;

  /** Requests a second that reconciling may send to the API server. */
  @Max(10_000, { message: 'must be at most 10000' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of requests a second' })
  readonly requestsPerSecond: number = 200;

  /** Seconds between two questions to the gateways how full buckets are and which keys are in use. */
  @Max(3600, { message: 'must be at most 3600' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of seconds' })
  readonly usageIntervalSeconds: number = 60;
}

function areBucketNames(value: unknown): boolean {
  return Array.isArray(value) && value.every(isBucketName);
}

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, pathname, search, hash, username } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && pathname === '/' && `${search}${hash}${username}` === '';
}
