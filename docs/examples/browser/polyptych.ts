// What a page needs to list and to upload. It uses nothing that a browser does not have.

import {Code, ConnectError, createClient} from '@connectrpc/connect';
import {createGrpcWebTransport} from '@connectrpc/connect-web';
import {ErrorInfoSchema} from './generated/google/rpc/error_details_pb.ts';
import {ImageService, type UploadImageResponse} from './generated/polyptych/v1/image_service_pb.ts';

/** The most that one message brings. */
const MOST = 2_000_000;

export class Album {
  private readonly images;

  /** `parent` is `libraries/{library}` or `libraries/{library}/albums/{album}`. */
  constructor(
    server: string,
    private readonly parent: string,
  ) {
    this.images = createClient(ImageService, createGrpcWebTransport({baseUrl: server, defaultTimeoutMs: 120_000}));
  }

  /** The names of its images, as the server finds them. */
  async *list(): AsyncGenerator<string> {
    for await (const batch of this.images.streamImages({parent: this.parent})) {
      for (const image of batch.images) yield image.name;
    }
  }

  /** Uploads a file, such as an `<input type="file">` has it; the same `requestId` again does nothing twice. */
  async upload(file: File, requestId: string): Promise<UploadImageResponse> {
    if (file.size > MOST) throw new Error(`${file.name} is longer than ${MOST} bytes`);
    const fit = {mode: {case: 'contain', value: {background: 0xffffff}}} as const;
    const metadata = {parent: this.parent, displayName: file.name, fit, requestId};
    return await this.images.uploadSmallImage({metadata, content: new Uint8Array(await file.arrayBuffer())});
  }

  async delete(name: string): Promise<void> {
    await this.images.deleteImage({name, requestId: crypto.randomUUID()});
  }
}

/** Why a call failed. Without a reason the server did not answer. */
export function told(thrown: unknown): {code: string; reason?: string; applied?: string} {
  const error = ConnectError.from(thrown);
  const [info] = error.findDetails(ErrorInfoSchema);
  return {code: Code[error.code], reason: info?.reason, applied: info?.metadata.applied};
}
