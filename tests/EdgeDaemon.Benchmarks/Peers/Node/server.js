// The peer: Node's http over onnxruntime-node, as its users write it. POST /infer takes and gives tensor bytes,
// POST /v2/models/NAME/infer the Open Inference Protocol's JSON.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const ort = require('onnxruntime-node');

const [model, socket, shapeText] = process.argv.slice(2);
const shape = shapeText.split(',').map(Number);
const count = shape.reduce((a, b) => a * b, 1);

function collect(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

function answer(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length });
  response.end(body);
}

async function main() {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const input = session.inputNames[0];
  const output = session.outputNames[0];

  async function run(values) {
    const results = await session.run({ [input]: new ort.Tensor('float32', values, shape) });
    return results[output];
  }

  const server = http.createServer(async (request, response) => {
    try {
      const body = await collect(request);
      if (request.url === '/infer') {
        if (body.length !== 4 * count) {
          answer(response, 400, 'text/plain', Buffer.from('wrong size'));
          return;
        }
        const values = new Float32Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
        const result = await run(values);
        answer(response, 200, 'application/octet-stream', Buffer.from(result.data.buffer, result.data.byteOffset, result.data.byteLength));
      } else {
        const parsed = JSON.parse(body);
        const result = await run(Float32Array.from(parsed.inputs[0].data));
        const text = JSON.stringify({
          model_name: 'peer',
          outputs: [{ name: output, datatype: 'FP32', shape: result.dims, data: Array.from(result.data) }],
        });
        answer(response, 200, 'application/json', Buffer.from(text));
      }
    } catch (failure) {
      answer(response, 400, 'text/plain', Buffer.from(String(failure)));
    }
  });
  fs.rmSync(socket, { force: true });
  server.keepAliveTimeout = 0;
  server.listen(socket);
}

main().catch((failure) => {
  console.error(failure);
  process.exit(1);
});
