// tsx publish.ts ADDRESS PICTURE LIBRARY…: publishes a picture to libraries, and waits until each has it.

import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import * as grpc from '@grpc/grpc-js';
import {asked, Operations, PublishService, repeated, streamed, Told} from './polyptych.ts';
import type {Operation__Output} from './generated/google/longrunning/Operation.ts';
import type {OperationMetadata__Output} from './generated/polyptych/v1/OperationMetadata.ts';
import type {PublishMetadata} from './generated/polyptych/v1/PublishMetadata.ts';
import type {PublishRequest} from './generated/polyptych/v1/PublishRequest.ts';
import type {PublishResponse__Output} from './generated/polyptych/v1/PublishResponse.ts';

const CHUNK = 256 * 1024;

function* messages(metadata: PublishMetadata, picture: Buffer): Generator<PublishRequest> {
  yield {metadata};
  for (let from = 0; from < picture.length; from += CHUNK) {
    yield {chunk: picture.subarray(from, from + CHUNK)};
  }
}

/** The operation when it is done. It goes on without us, and after a restart of the server. */
async function waited(address: string, operation: Operation__Output): Promise<Operation__Output> {
  const operations = new Operations(address, grpc.credentials.createInsecure());
  while (!operation.done) {
    const request = {name: operation.name, timeout: {seconds: 20}};
    operation = await repeated(() =>
      asked<Operation__Output>((options, done) => operations.waitOperation(request, options, done), 30),
    );
    const {progress} = operation.metadata as unknown as OperationMetadata__Output;
    console.log(`${progress!.succeeded} of ${progress!.total} done`);
  }
  return operation;
}

async function main(address: string, path: string, targets: string[]) {
  const publishing = new PublishService(address, grpc.credentials.createInsecure());
  const picture = readFileSync(path);
  const metadata: PublishMetadata = {
    displayName: basename(path),
    targets: targets.map((target) => ({parent: `libraries/${target}`})),
    requestId: randomUUID(),
  };
  const publish = () =>
    streamed<PublishRequest, Operation__Output>(
      (options, done) => publishing.publish(options, done),
      messages(metadata, picture),
      300,
    );
  const operation = await waited(address, await repeated(publish));
  if (operation.error) throw new Error(`${operation.error.message} (${new Told(operation.error).reason})`);
  const {outcomes} = operation.response as unknown as PublishResponse__Output;
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.result === 'upload') {
      console.log(targets[index], outcome.upload!.image!.name);
    } else {
      const told = new Told(outcome.error ?? undefined);
      console.log(targets[index], told.reason, told.message, 'applied:', told.applied);
      process.exitCode = 1;
    }
  }
}

const [address, path, ...targets] = process.argv.slice(2);
await main(address, path, targets);
