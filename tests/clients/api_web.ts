// api_web.ts PICTURES ADDRESS: a client of our API over gRPC-Web, made from the .proto files by protoc-gen-es, called by connect.
// It uploads as pages of browsers have to, in one message, and as Node can, in a stream.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "./google/rpc/error_details_pb.ts";
import { ImageService, type UploadImageRequestSchema } from "./polyptych/v1/image_service_pb.ts";
import { LibraryService } from "./polyptych/v1/library_service_pb.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";

const [pictures, baseUrl] = process.argv.slice(2);
// As browsers without TLS call, and as one with HTTP/2 would.
const transport = createGrpcWebTransport({ baseUrl, httpVersion: "1.1" });
const multiplexed = createGrpcWebTransport({ baseUrl, httpVersion: "2" });
const images = createClient(ImageService, transport);
const libraries = createClient(LibraryService, transport);
const picture = readFileSync(join(pictures, "advert.png"));
const sha256 = createHash("sha256").update(picture).digest("hex");

function same(actual: unknown, expected: unknown): void {
  const [found, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (found !== wanted) {
    throw new Error(`${found} is not ${wanted}`);
  }
}

async function step(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.log(`fail ${name} ${String(error).split("\n")[0]}`);
    process.exit(1);
  }
  console.log(`pass ${name}`);
}

async function* messages(parent: string): AsyncGenerator<MessageInitShape<typeof UploadImageRequestSchema>> {
  yield { payload: { case: "metadata", value: { parent, displayName: "advert.png" } } };
  for (let from = 0; from < picture.length; from += 64 * 1024) {
    yield { payload: { case: "chunk", value: picture.subarray(from, from + 64 * 1024) } };
  }
}

async function listed(parent: string): Promise<string[]> {
  const streamed: string[] = [];
  for await (const batch of images.streamImages({ parent })) {
    streamed.push(...batch.images.map((image) => image.name));
  }
  const { images: page } = await images.listImages({ parent });
  same(streamed, page.map((image) => image.name));
  return streamed;
}

const uploaded: string[] = [];

await step("libraries", async () => {
  const { libraries: all } = await libraries.listLibraries({});
  same(all.length, 6);
  const { albums } = await libraries.listAlbums({ parent: "libraries/yandex-v5" });
  same(albums.map((album) => album.name), ["libraries/yandex-v5/albums/self"]);
});

await step("small", async () => {
  for (const library of ["facebook", "evotor", "yandex-v5", "yandex-live4-soap"]) {
    const parent = `libraries/${library}`;
    const fit = { mode: { case: "contain", value: {} } } as const;
    const answer = await images.uploadSmallImage({ metadata: { parent, displayName: "advert.png", fit }, content: picture });
    same(await listed(parent), [answer.image?.name]);
    uploaded.push(answer.image?.name ?? "");
    if (library === "facebook") {
      same(answer.sent?.sha256, sha256);
    }
  }
});

await step("upload", async () => {
  for (const by of [transport, multiplexed]) {
    const streaming = createClient(ImageService, by);
    const answer = await streaming.uploadImage(messages("libraries/facebook"));
    same([answer.image?.name, answer.reused], [uploaded[0], true]);
    const checked = await streaming.checkImage(messages("libraries/yandex-v5"));
    same(checked.found?.sha256, sha256);
  }
});

await step("download", async () => {
  const chunks: Uint8Array[] = [];
  for await (const message of images.downloadImage({ name: uploaded[0] })) {
    if (message.payload.case === "chunk") {
      chunks.push(message.payload.value);
    }
  }
  same(Buffer.concat(chunks).equals(picture), true);
});

await step("delete", async () => {
  await images.deleteImage({ name: uploaded[0] });
  same(await listed("libraries/facebook"), []);
});

await step("errors", async () => {
  const error = await images.getImage({ name: uploaded[0] }).then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown),
  );
  const [info] = error?.findDetails(ErrorInfoSchema) ?? [];
  same([error?.code, info?.reason, info?.domain], [Code.NotFound, "IMAGE_NOT_FOUND", "polyptych"]);
});
