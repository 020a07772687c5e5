"""Times training beside other code that trains the same model, and prints one JSON object a line.

python tests/benchmarks/bench.py [--only NAME ...] [--repeats 5] [--threads N] [--small]

The comparisons need the packages of tests/benchmarks/training/requirements.txt.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import torch
from training import convolutions, cpu, gpu, overhead, peers

from vae_core import devices
from vae_core.cli.numbers import whole

NAMES = ("cpu-mlp", "cpu-conv", "cpu-layers", "gpu-mlp", "gpu-elbo", "gpu-celeba", "overhead")


def main(arguments: list[str] | None = None) -> None:
    """Runs the benchmarks that are named, or all for which this machine has a device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME",
                        help="which: " + ", ".join(NAMES) + "; all that have their device if not given")  # fmt: skip
    parser.add_argument(
        "--repeats", type=whole(1, 100), default=5, help="number of rounds, of which the median counts; 5 if not given"
    )
    parser.add_argument("--threads", type=whole(1, 1024), help="CPU threads; as torch finds them if not given")
    parser.add_argument("--small", action="store_true", help="try all parts at a size that says nothing of speed")
    options = parser.parse_args(arguments)
    parts = (cpu.mlp, cpu.conv, convolutions.layers, gpu.mlp, gpu.elbo, gpu.celeba, overhead.told_and_saved)
    benches = dict(zip(NAMES, parts, strict=True))
    has_gpu = devices.pick("auto").type != "cpu"
    chosen = options.only or [n for n in NAMES if has_gpu or options.small or not n.startswith("gpu")]
    before = torch.get_num_threads()
    try:
        if options.threads:
            torch.set_num_threads(options.threads)
        for name in chosen:
            print(f"{name} ...", file=sys.stderr)
            try:
                found = benches[name](options.repeats, options.small)
            except (gpu.NoGpu, peers.MissingPeer) as error:
                sys.exit(f"error: {error}")
            print(json.dumps({"bench": name, **found, **_machine(name), "small": options.small}), flush=True)
    finally:
        torch.set_num_threads(before)


def _machine(name: str) -> dict[str, Any]:
    device = torch.device("cpu") if name.startswith("cpu") else devices.pick("auto")
    return {"device": devices.described(device), "threads": torch.get_num_threads(), "torch": torch.__version__}


if __name__ == "__main__":
    main()
