"""How long one decode takes in the page, ours and onnxruntime-web's on one thread, in turns in one page: prints one JSON line.

    python tests/benchmarks/decode.py [--runs 300]

onnxruntime-web comes from its npm package, which is installed into a folder of the benchmark's own and is no part of the app.
Both run the same weights on the same codes; `difference` is the largest one between their pixels. Times are medians in
milliseconds, `ratio` is ours over theirs.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from vae_core.checkpoint import registry
from vae_core.config import ConvConfig, MLPConfig, ModelConfig
from vae_core.export import decoder_program
from vae_core.export.onnx import onnx_model
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.build import build_model

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from conftest import CHROMIUM_ARGS, ROOT

ORT = "onnxruntime-web@1.30.0"
ROUNDS = 5

PAGE = """<!doctype html><meta charset="utf-8"><script src="/ort/ort.wasm.min.js"></script><script type="module">
import { buildNetwork } from "/components/base/runtime/network.js";
const bytes = async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer());
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
window.measure = async (name, latent, runs, rounds) => {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = "/ort/";
  const network = buildNetwork(await bytes(`/${name}.program`));
  const session = await ort.InferenceSession.create(await bytes(`/${name}.onnx`), { executionProviders: ["wasm"] });
  const codes = Array.from({ length: runs }, () => Float32Array.from({ length: latent }, () => 2 * Math.random() - 1));
  const theirs = async (z) => (await session.run({ z: new ort.Tensor("float32", z, [1, latent]) })).mean.data;
  const ours = (z) => { network.inputs.z.set(z); network.run(); return network.outputs.mean; };
  let difference = 0;
  for (const z of codes.slice(0, 20)) {
    const [a, b] = [await theirs(z), ours(z)];
    for (let i = 0; i < b.length; i++) difference = Math.max(difference, Math.abs(a[i] - b[i]));
  }
  // The page's clock counts in tenths of a millisecond, so ten are timed at once.
  const tens = Array.from({ length: runs / 10 }, (_, i) => codes.slice(10 * i, 10 * i + 10));
  const times = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [who, decode] of [["ours", ours], ["theirs", theirs]]) {
      for (const ten of tens) {
        const from = performance.now();
        for (const z of ten) await decode(z);
        times[who].push((performance.now() - from) / 10);
      }
    }
  }
  return { ours_ms: median(times.ours), theirs_ms: median(times.theirs), difference, macs: network.macs };
};
window.ready = true;
</script>"""


def models() -> dict[str, Autoencoder]:
    torch.manual_seed(0)
    mlp = ModelConfig.for_images((1, 28, 28), 20, MLPConfig(hidden=(400,)))
    conv = ModelConfig.for_images((1, 32, 32), 16, ConvConfig(channels=(32, 64, 128), hidden=(256,)))
    return {
        "mlp-28": build_model(mlp).eval(),
        "conv-32": build_model(conv).eval(),
        "mnist-vae-2": registry.load("mnist-vae-2").model,
        "faces-vae-64": registry.load("faces-vae-64").model,
    }


def write(model: Autoencoder, name: str, folder: Path) -> None:
    (folder / f"{name}.program").write_bytes(decoder_program(model).to_bytes())
    (folder / f"{name}.onnx").write_bytes(onnx_model(model))


def install(folder: Path) -> None:
    subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), ORT], check=True)
    (folder / "ort").symlink_to(folder / "node_modules" / "onnxruntime-web" / "dist")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: object) -> None:
        pass


def compare(runs: int) -> dict[str, dict]:
    """The figures of each model, by its name."""
    folder = Path(tempfile.mkdtemp())
    install(folder)
    (folder / "components").symlink_to(ROOT / "explorer" / "components")
    (folder / "index.html").write_text(PAGE)
    compared = models()
    for name, model in compared.items():
        write(model, name, folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("window.ready")
            ask = "([name, latent, runs, rounds]) => measure(name, latent, runs, rounds)"
            found = {name: page.evaluate(ask, [name, model.config.latent, runs, ROUNDS]) for name, model in compared.items()}
            browser.close()
    finally:
        server.shutdown()
        shutil.rmtree(folder)
    return {name: figures | {"ratio": figures["ours_ms"] / figures["theirs_ms"]} for name, figures in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    found = compare(parser.parse_args().runs)
    print(json.dumps({name: {k: float(f"{v:.3g}") for k, v in figures.items()} for name, figures in found.items()}))


if __name__ == "__main__":
    main()
