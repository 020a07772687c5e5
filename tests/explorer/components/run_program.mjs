// node run_program.mjs RUNTIME PROGRAM INPUTS OUTPUT: runs a network program on every row of INPUTS (float32) and writes, row
// after row, all its outputs in the order of their names. Prints the median milliseconds of a run.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [runtime, programFile, inputFile, outputFile] = process.argv.slice(2);
const { buildNetwork } = await import(pathToFileURL(`${runtime}/network.js`));
const network = buildNetwork(new Uint8Array(readFileSync(programFile)));
const [input] = Object.values(network.inputs);
const outputs = Object.keys(network.outputs).sort().map((name) => network.outputs[name]);
const bytes = readFileSync(inputFile);
const rows = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
const width = outputs.reduce((sum, output) => sum + output.length, 0);
const count = rows.length / input.length;
const results = new Float32Array(count * width);
const times = [];
for (let i = 0; i < count; i++) {
  input.set(rows.subarray(i * input.length, (i + 1) * input.length));
  const started = performance.now();
  network.run();
  times.push(performance.now() - started);
  let at = i * width;
  for (const output of outputs) {
    results.set(output, at);
    at += output.length;
  }
}
writeFileSync(outputFile, new Uint8Array(results.buffer));
console.log(JSON.stringify({ median: times.sort((a, b) => a - b)[count >> 1], best: times[Math.floor(count / 20)] }));
