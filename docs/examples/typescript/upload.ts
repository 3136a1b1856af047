// tsx upload.ts ADDRESS PARENT PICTURE: uploads a picture, reads it and deletes it again.

import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import * as grpc from '@grpc/grpc-js';
import {asked, ImageService, LibraryService, repeated, streamed, Told} from './polyptych.ts';
import type {DownloadImageResponse__Output} from './generated/polyptych/v1/DownloadImageResponse.ts';
import type {ListLibrariesResponse__Output} from './generated/polyptych/v1/ListLibrariesResponse.ts';
import type {UploadImageMetadata} from './generated/polyptych/v1/UploadImageMetadata.ts';
import type {UploadImageRequest} from './generated/polyptych/v1/UploadImageRequest.ts';
import type {UploadImageResponse__Output} from './generated/polyptych/v1/UploadImageResponse.ts';

const CHUNK = 256 * 1024;

/** An upload: metadata first, then the file in chunks. */
function* messages(metadata: UploadImageMetadata, picture: Buffer): Generator<UploadImageRequest> {
  yield {metadata};
  for (let from = 0; from < picture.length; from += CHUNK) {
    yield {chunk: picture.subarray(from, from + CHUNK)};
  }
}

async function main(address: string, parent: string, path: string) {
  const images = new ImageService(address, grpc.credentials.createInsecure());
  const known = new LibraryService(address, grpc.credentials.createInsecure());
  const {libraries} = await asked<ListLibrariesResponse__Output>((options, done) => known.listLibraries({}, options, done), 10);
  for (const library of libraries) console.log(library.name, library.provider, library.encoding);

  const picture = readFileSync(path);
  const metadata: UploadImageMetadata = {
    parent,
    displayName: basename(path),
    fit: {contain: {background: 0xffffff}},
    requestId: randomUUID(),
  };
  const upload = () =>
    streamed<UploadImageRequest, UploadImageResponse__Output>(
      (options, done) => images.uploadImage(options, done),
      messages(metadata, picture),
      300,
    );
  const {image, sent} = await repeated(upload);
  const name = image!.name;
  console.log('uploaded', name, sent!.mediaType, sent!.sha256);

  let bytes = 0;
  const parts: AsyncIterable<DownloadImageResponse__Output> = images.downloadImage({name}, {deadline: Date.now() + 60_000});
  for await (const part of parts) bytes += part.chunk?.length ?? 0;
  console.log('stored', bytes, 'bytes');

  const deletion = {name, requestId: randomUUID()};
  await repeated(() => asked((options, done) => images.deleteImage(deletion, options, done), 60));
  const read = asked((options, done) => images.getImage({name}, options, done), 60);
  await read.catch((error: grpc.ServiceError) => {
    const told = Told.of(error);
    console.log(grpc.status[error.code], told.reason, 'applied:', told.applied);
  });
}

const [address, parent, path] = process.argv.slice(2);
main(address, parent, path).catch((error: grpc.ServiceError) => {
  console.error(grpc.status[error.code], Told.of(error).reason, error.details ?? error);
  process.exit(1);
});
