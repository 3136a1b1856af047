// The services of Polyptych, and what it says of a call that failed. POLYPTYCH_SCHEMAS is the folder `schemas` of its
// repository, or a copy of it.

import * as grpc from '@grpc/grpc-js';
import {loadSync, type Options} from '@grpc/proto-loader';
import {getProtoPath} from 'google-proto-files';
import type {ProtoGrpcType as Images} from './generated/image_service.ts';
import type {ProtoGrpcType as Libraries} from './generated/library_service.ts';
import type {ProtoGrpcType as Publishing} from './generated/publish_service.ts';
import type {ErrorInfo__Output} from './generated/google/rpc/ErrorInfo.ts';
import type {Status__Output} from './generated/google/rpc/Status.ts';

const files = ['image_service', 'library_service', 'operations', 'publish_service'].map((name) => `polyptych/v1/${name}.proto`);
// As given to proto-loader-gen-types.
const options: Options = {
  json: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
  includeDirs: [process.env.POLYPTYCH_SCHEMAS ?? 'schemas', getProtoPath('..')],
};
const definition = loadSync([...files, 'google/rpc/error_details.proto'], options);
const loaded = grpc.loadPackageDefinition(definition) as unknown as Images & Libraries & Publishing;

export const {ImageService, LibraryService, PublishService} = loaded.polyptych.v1;
export const {Operations} = loaded.google.longrunning;

/** The details of a status: of a failed call, or of an item of an operation. */
export class Told {
  readonly message: string = '';
  readonly reason: string = '';
  readonly metadata: Record<string, string> = {};
  /** How long to wait, in seconds; absent where nobody knows, or where something was changed. */
  readonly retryAfter?: number;

  constructor(status?: Status__Output) {
    this.message = status?.message ?? '';
    for (const detail of (status?.details ?? []) as unknown as Array<Record<string, unknown>>) {
      if (String(detail['@type']).endsWith('/google.rpc.ErrorInfo')) {
        const info = detail as unknown as ErrorInfo__Output;
        [this.reason, this.metadata] = [info.reason, info.metadata];
      } else if (String(detail['@type']).endsWith('/google.rpc.RetryInfo')) {
        const delay = (detail as {retryDelay?: {seconds?: string; nanos?: number}}).retryDelay;
        this.retryAfter = Number(delay?.seconds ?? 0) + (delay?.nanos ?? 0) / 1e9;
      }
    }
  }

  /** Of a failed call. Without a status the server did not answer. */
  static of(error: grpc.ServiceError): Told {
    const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
    const status = definition['google.rpc.Status'];
    if (!Buffer.isBuffer(bytes) || !('deserialize' in status) || typeof status.deserialize !== 'function') {
      return new Told();
    }
    return new Told(status.deserialize(bytes) as Status__Output);
  }

  /** Whether the library was changed all the same: `no`, `yes`, or `unknown` where nobody can tell. */
  get applied(): string {
    return this.metadata.applied ?? 'unknown';
  }
}

type Done<Response> = grpc.requestCallback<Response>;

/** A call without streams, as a promise. */
export function asked<Response>(
  call: (options: grpc.CallOptions, done: Done<Response>) => unknown,
  seconds: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const done: Done<Response> = (error, answer) => (error ? reject(error) : resolve(answer!));
    call({deadline: Date.now() + seconds * 1000}, done);
  });
}

/** A call that takes a stream of messages, as a promise. The next message is made when there is room for it. */
export function streamed<Message, Response>(
  call: (options: grpc.CallOptions, done: Done<Response>) => grpc.ClientWritableStream<Message>,
  messages: Iterable<Message>,
  seconds: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const done: Done<Response> = (error, answer) => (error ? reject(error) : resolve(answer!));
    const stream = call({deadline: Date.now() + seconds * 1000}, done);
    const iterator = messages[Symbol.iterator]();
    const write = () => {
      for (let next = iterator.next(); ; next = iterator.next()) {
        if (next.done) return void stream.end();
        if (!stream.write(next.value)) return void stream.once('drain', write);
      }
    };
    write();
  });
}

/** Refused for now, and nothing was changed. Points (QUOTA_EXHAUSTED) may be hours away, so they are not waited for. */
const PASSING = ['PROVIDER_TIMEOUT', 'PROVIDER_UNAVAILABLE', 'RATE_LIMITED', 'REQUEST_RUNNING', 'SPOOL_FULL', 'UPLOAD_INTERRUPTED'];
/** Without a reason these say that no answer of the server came. */
const LOST = [grpc.status.CANCELLED, grpc.status.DEADLINE_EXCEEDED, grpc.status.UNAVAILABLE];
const LONGEST_WAIT = 30;

/** Calls until it works. `call` carries the same `requestId` each time, so that nothing is done twice. */
export async function repeated<Response>(call: () => Promise<Response>, tries = 4): Promise<Response> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (caught) {
      const error = caught as grpc.ServiceError;
      const told = Told.of(error);
      const passing = PASSING.includes(told.reason) && told.applied === 'no';
      const lost = told.reason === '' && LOST.includes(error.code);
      const wait = told.retryAfter ?? 2 ** (tried - 1);
      if (tried === tries || !(passing || lost) || wait > LONGEST_WAIT) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}
