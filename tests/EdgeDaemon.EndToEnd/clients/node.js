// Node's own HTTP client over the Unix socket, as a program that knows nothing of the daemon would use it: node.js SOCKET IMAGES.
// IMAGES holds 64-byte digits. Ends with "all right" or an exception.
"use strict";
const assert = require("assert");
const fs = require("fs");
const http = require("http");

const [socketPath, imagesFile] = process.argv.slice(2);
const images = fs.readFileSync(imagesFile);

function ask(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method: body === undefined ? "GET" : "POST", ...options }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts), local: request.reusedSocket }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function binary(count) {
  const head = Buffer.from(JSON.stringify({
    inputs: [{ name: "image", datatype: "UINT8", shape: [count, 1, 8, 8], parameters: { binary_data_size: 64 * count } }],
    parameters: { binary_data_output: true },
  }));
  return [{ path: "/v2/models/digits/infer", headers: { "Inference-Header-Content-Length": head.length } }, Buffer.concat([head, images.subarray(0, 64 * count)])];
}

function floats(answer) {
  const at = Number(answer.headers["inference-header-content-length"]);
  const output = JSON.parse(answer.body.subarray(0, at)).outputs[0];
  assert.strictEqual(output.parameters.binary_data_size, answer.body.length - at);
  return Array.from({ length: (answer.body.length - at) / 4 }, (_, i) => answer.body.readFloatLE(at + 4 * i));
}

async function main() {
  const json = JSON.stringify({ inputs: [{ name: "image", datatype: "UINT8", shape: [2, 1, 8, 8], data: [...images.subarray(0, 128)] }] });
  const plain = await ask({ path: "/v2/models/digits/infer" }, json);
  assert.strictEqual(plain.status, 200);
  const logits = JSON.parse(plain.body).outputs[0];
  assert.deepStrictEqual(logits.shape, [2, 10]);
  assert.strictEqual(logits.parameters, undefined);
  const raw = await ask(...binary(2));
  assert.deepStrictEqual(floats(raw).map(Math.fround), logits.data.map(Math.fround));

  // Chunked, since no length is told.
  const chunked = await new Promise((resolve, reject) => {
    const [options, body] = binary(3);
    const request = http.request({ socketPath, method: "POST", ...options }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode));
    });
    request.on("error", reject);
    for (let at = 0; at < body.length; at += 50) request.write(body.subarray(at, at + 50));
    request.end();
  });
  assert.strictEqual(chunked, 200);

  // One kept connection, whatever is asked and however it ends.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 1; i < 200; i++) {
    const answer = await ask({ ...binary(1 + i % 9)[0], agent }, binary(1 + i % 9)[1]);
    assert.strictEqual(answer.status, 200);
    assert.strictEqual(answer.local, i > 1, "request " + i + " came over another connection");
    assert.strictEqual(floats(answer).length, 10 * (1 + i % 9));
  }
  assert.strictEqual((await ask({ path: "/v2/models/nobody", agent })).status, 404);
  assert.strictEqual((await ask({ path: "/v2/models/digits/infer", agent }, "{")).status, 400);
  const head = await ask({ path: "/v2", method: "HEAD", agent });
  assert.deepStrictEqual([head.status, head.body.length, head.local], [200, 0, true]);
  assert.ok(Number(head.headers["content-length"]) > 0);

  // Many at a time over few connections: every caller gets its own answer.
  const pool = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const counts = Array.from({ length: 200 }, (_, i) => 1 + i % 37);
  const answers = await Promise.all(counts.map((count) => ask({ ...binary(count)[0], agent: pool }, binary(count)[1])));
  answers.forEach((answer, i) => assert.strictEqual(floats(answer).length, 10 * counts[i]));

  // Callers that leave in the middle: before the body's end, and without reading the answer.
  for (let i = 0; i < 50; i++) {
    await new Promise((resolve) => {
      const [options, body] = binary(30);
      const request = http.request({ socketPath, method: "POST", ...options, headers: { ...options.headers, "Content-Length": body.length } });
      request.on("error", resolve).on("response", () => request.destroy()).on("close", resolve);
      request.write(body.subarray(0, i % 2 ? body.length : 900), () => { if (i % 2 === 0) request.destroy(); });
    });
  }
  assert.strictEqual((await ask(...binary(1))).status, 200);
  agent.destroy();
  pool.destroy();
  console.log("all right");
}

main().catch((error) => { console.error(error); process.exit(1); });
