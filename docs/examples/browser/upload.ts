// tsx upload.ts SERVER PARENT PICTURE: does on Node what a page would do: uploads a picture, lists it and deletes it again.

import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {Album, told} from './polyptych.ts';

const [server, parent, path] = process.argv.slice(2);
const album = new Album(server, parent);
const {image, sent} = await album.upload(new File([readFileSync(path)], basename(path)), crypto.randomUUID());
const name = image!.name;
console.log('uploaded', name, sent!.mediaType, sent!.sha256);
for await (const one of album.list()) console.log('there is', one);
await album.delete(name);
try {
  await album.delete(name);
} catch (error) {
  const {code, reason, applied} = told(error);
  console.log(code, reason, 'applied:', applied);
}
