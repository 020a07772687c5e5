// node run_program.mjs RUNTIME (PROGRAM INPUTS OUTPUT)...: runs each network program on every row of its INPUTS (float32), which
// hold all inputs in the order of their names, and writes, row after row, all its outputs in the order of theirs. Prints one
// line of JSON for each: the median milliseconds of a run, and those that it took to read the program and lay it out.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [runtime, ...files] = process.argv.slice(2);
const { buildNetwork } = await import(pathToFileURL(`${runtime}/network.js`));
const sorted = (named) => Object.keys(named).sort().map((name) => named[name]);
const total = (arrays) => arrays.reduce((sum, array) => sum + array.length, 0);

function runAll(programFile, inputFile, outputFile) {
  const program = new Uint8Array(readFileSync(programFile));
  const begun = performance.now();
  const network = buildNetwork(program);
  const built = performance.now() - begun;
  const [inputs, outputs] = [sorted(network.inputs), sorted(network.outputs)];
  const bytes = readFileSync(inputFile);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const count = values.length / total(inputs);
  const results = new Float32Array(count * total(outputs));
  const times = [];
  for (let i = 0, from = 0, to = 0; i < count; i++) {
    for (const input of inputs) {
      input.set(values.subarray(from, from + input.length));
      from += input.length;
    }
    const started = performance.now();
    network.run();
    times.push(performance.now() - started);
    for (const output of outputs) {
      results.set(output, to);
      to += output.length;
    }
  }
  writeFileSync(outputFile, new Uint8Array(results.buffer));
  return { median: times.sort((a, b) => a - b)[count >> 1], best: times[Math.floor(count / 20)], built };
}

for (let i = 0; i < files.length; i += 3) console.log(JSON.stringify(runAll(...files.slice(i, i + 3))));
