// facebook-nodejs-business-sdk against the emulator. GRAPH and VERSION are static getters of FacebookAdsApi.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const {AdAccount, AdImage, FacebookAdsApi} = require('facebook-nodejs-business-sdk');

const base = process.argv[2];
Object.defineProperty(FacebookAdsApi, 'GRAPH', {get: () => base});
Object.defineProperty(FacebookAdsApi, 'VERSION', {get: () => 'v26.0'});
FacebookAdsApi.init('any-token', 'en_US', false);
const account = new AdAccount('act_1000000001');

async function setup(body) {
  const answer = await fetch(`${base}/_emulator/setup`, {method: 'POST', body: JSON.stringify(body)});
  assert.equal(answer.status, 200, await answer.text());
}

async function step(name, work) {
  try {
    await work();
    console.log(`pass ${name}`);
  } catch (error) {
    console.log(`fail ${name} ${String(error).split('\n')[0]}`);
    throw error;
  }
}

async function main() {
  await setup({images: [{library: 'facebook', album: '1000000001', count: 25}]});
  let hash;

  await step('add', async () => {
    const bytes = fs.readFileSync(path.join(__dirname, 'pictures', 'advert.png')).toString('base64');
    const image = await account.createAdImage([], {bytes});
    hash = image._data.images.bytes.hash;
  });

  await step('list', async () => {
    let page = await account.getAdImages(['hash', 'name'], {limit: 10});
    const sizes = [page.length];
    while (page.hasNext()) {
      page = await page.next();
      sizes.push(page.length);
    }
    assert.deepEqual(sizes, [10, 10, 6]);
  });

  await step('read', async () => {
    const image = await new AdImage(`1000000001:${hash}`).get(['name', 'width', 'height']);
    assert.deepEqual([image.name, image.width, image.height], ['bytes', 450, 450]);
  });

  await step('delete', async () => {
    await account.deleteAdImages({hash});
    assert.equal((await account.getAdImages(['hash'], {hashes: [hash]})).length, 0);
  });

  await step('error', async () => {
    const bytes = Buffer.from('no picture').toString('base64');
    await assert.rejects(account.createAdImage([], {bytes}), (error) => {
      assert.equal(error.name, 'FacebookRequestError');
      assert.equal(error.response.error_subcode, 1487411);
      return true;
    });
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
