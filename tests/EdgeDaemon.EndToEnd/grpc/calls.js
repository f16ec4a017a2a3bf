'use strict';
// Calls every RPC of the daemon with @grpc/grpc-js: node calls.js SOCKET IMAGES PROTOS. Ends with "all right" or an exception.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [socket, imagesFile, protos] = process.argv.slice(2);
const load = file => grpc.loadPackageDefinition(loader.loadSync(path.join(protos, file), { keepCase: true, longs: Number, enums: String, defaults: true }));
const address = `unix:${socket}`;
const client = new (load('inference.proto').inference.GRPCInferenceService)(address, grpc.credentials.createInsecure());
const health = new (load('health.proto').grpc.health.v1.Health)(address, grpc.credentials.createInsecure());
const images = fs.readFileSync(imagesFile);

const ask = (method, request, from = client) => new Promise((resolve, reject) =>
  from[method](request, { deadline: Date.now() + 20000 }, (error, answer) => error ? reject(error) : resolve(answer)));

async function refused(code, method, request, from = client) {
  await assert.rejects(ask(method, request, from), error => error.code === code && /\(request /.test(error.details), method);
}

const raw = (count, rest) => ({
  model_name: 'digits', inputs: [{ name: 'image', datatype: 'UINT8', shape: [count, 1, 8, 8] }], raw_input_contents: [images.subarray(0, 64 * count)], ...rest,
});

function stream(requests) {
  return new Promise((resolve, reject) => {
    const call = client.ModelStreamInfer();
    const answers = [];
    call.on('data', answer => answers.push(answer));
    call.on('error', reject);
    call.on('end', () => resolve(answers));
    requests.forEach(request => call.write(request));
    call.end();
  });
}

async function main() {
  assert((await ask('ServerLive', {})).live);
  assert((await ask('ServerReady', {})).ready);
  assert((await ask('ModelReady', { name: 'digits' })).ready);
  assert((await ask('ServerMetadata', {})).extensions.includes('statistics'));
  const metadata = await ask('ModelMetadata', { name: 'digits' });
  assert.deepStrictEqual(metadata.inputs[0].shape, [-1, 1, 8, 8]);
  const config = (await ask('ModelConfig', { name: 'digits' })).config;
  assert.strictEqual(config.input[0].data_type, 'TYPE_UINT8');
  assert.strictEqual((await ask('RepositoryIndex', {})).models[0].state, 'READY');

  const one = await ask('ModelInfer', raw(1, { id: 'one' }));
  assert.strictEqual(one.id, 'one');
  assert.strictEqual(one.raw_output_contents[0].length, 40);
  const typed = await ask('ModelInfer', {
    model_name: 'digits', inputs: [{ name: 'image', datatype: 'UINT8', shape: [1, 1, 8, 8], contents: { uint_contents: [...images.subarray(0, 64)] } }],
  });
  assert.deepStrictEqual(typed.raw_output_contents, one.raw_output_contents);
  await refused(grpc.status.NOT_FOUND, 'ModelInfer', { model_name: 'nobody' });
  await refused(grpc.status.INVALID_ARGUMENT, 'ModelInfer', { ...raw(2), raw_input_contents: [images.subarray(0, 127)] });
  await refused(grpc.status.RESOURCE_EXHAUSTED, 'ModelInfer', { ...raw(1), raw_input_contents: [Buffer.alloc(5 << 20)] });
  await refused(grpc.status.UNIMPLEMENTED, 'RepositoryModelLoad', {});

  const answers = await stream([raw(1, { id: 'a' }), { model_name: 'nobody', id: 'b' }, raw(3, { id: 'c' })]);
  assert.deepStrictEqual(answers.map(answer => [answer.infer_response.id, answer.error_message !== '']), [['a', false], ['b', true], ['c', false]]);
  assert.deepStrictEqual(answers[0].infer_response.raw_output_contents, one.raw_output_contents);

  const statistics = (await ask('ModelStatistics', { name: 'digits' })).model_stats[0];
  assert(statistics.inference_count >= 4 && statistics.inference_stats.compute_infer.count === statistics.inference_count);

  assert.strictEqual((await ask('Check', {}, health)).status, 'SERVING');
  await refused(grpc.status.NOT_FOUND, 'Check', { service: 'x' }, health);
  await new Promise((resolve, reject) => {
    const watch = health.Watch({});
    watch.on('data', answer => { assert.strictEqual(answer.status, 'SERVING'); watch.cancel(); });
    watch.on('error', error => error.code === grpc.status.CANCELLED ? resolve() : reject(error));
  });
}

main().then(() => { console.log('all right'); process.exit(0); }, error => { console.error(error); process.exit(1); });
