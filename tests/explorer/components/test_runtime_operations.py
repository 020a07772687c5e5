"""Small random modules, each around one torch function, as programs: the browser's runtime gives what torch gives."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.export import Input, program

RUNTIME = Path(__file__).parents[3] / "explorer" / "components" / "base" / "runtime"
HARNESS = Path(__file__).with_name("run_program.mjs")
ROWS = 4


class Of(nn.Module):
    """A function of an input `a`, and of others where it has parameters of their names, as a module with weights `w`."""

    def __init__(self, f: Callable[..., Any], *shapes: tuple[int, ...]):
        super().__init__()
        self.f = f
        self.w = nn.ParameterList(torch.randn(shape) for shape in shapes)

    def forward(self, a: Tensor, b: Tensor | None = None, c: Tensor | None = None) -> Any:
        others = [other for other in (b, c) if other is not None]
        return self.f(a, *others, *self.w)


FLAT, IMAGE, MATRIX = (6,), (3, 4, 5), (5, 4)
UNARY = ("relu", "sigmoid", "tanh", "exp", "expm1", "abs", "neg", "sin", "cos", "square", "floor", "trunc", "reciprocal")
CASES: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]], list[tuple[int, ...]]]] = {
    # name: function, shapes of the inputs, shapes of the weights
    **{name: (getattr(torch, name), [FLAT], []) for name in UNARY},
    "logarithms": (lambda a: torch.log(a.abs() + 0.1) + a.abs().log1p(), [FLAT], []),
    "roots": (lambda a: torch.sqrt(a.abs()) + (a.abs() + 0.1).rsqrt(), [FLAT], []),
    "silu, mish, logsigmoid": (lambda a: F.silu(a) + F.mish(a) * F.logsigmoid(a), [IMAGE], []),
    "softplus": (lambda a: F.softplus(10 * a), [FLAT], []),
    "softplus with beta": (lambda a: F.softplus(10 * a, beta=2, threshold=5), [FLAT], []),
    "leaky relu, elu": (lambda a: F.leaky_relu(a, 0.3) + F.elu(a, 0.5), [FLAT], []),
    "gelu": (lambda a: F.gelu(a) + F.gelu(a, approximate="tanh"), [FLAT], []),
    "clamps": (lambda a: a.clamp(-0.5, 0.5) + a.clamp(min=0.1) * a.clamp_max(0.2) + F.hardtanh(a) + F.relu6(9 * a), [FLAT], []),
    "infinite clamp": (lambda a: a.clamp(-1, float("inf")), [FLAT], []),
    "powers": (lambda a: a**2 + a.pow(3) + (a.abs() + 1) ** 0.5 + 2.0**a, [FLAT], []),
    "power of two tensors": (lambda a, b: a.abs() ** b, [FLAT, FLAT], []),
    "numbers": (lambda a: (3 - 2 * a) / 4 + 1 / (a.abs() + 1) - a, [FLAT], []),
    "alpha": (lambda a, b: torch.add(a, b, alpha=0.5) - torch.sub(a, 1.0, alpha=2), [FLAT, FLAT], []),
    "weights": (lambda a, w, v: w * a + v - a / (w.abs() + 1) + w / (a.abs() + 1), [FLAT], [(6,), (6,)]),
    "weights of channels": (lambda a, w, v: a * w + v, [IMAGE], [(3, 1, 1), (1, 3, 1, 1)]),
    "weights of pixels": (lambda a, w, v: (a - w) * v, [IMAGE], [(4, 5), (3, 4, 5)]),
    "weights that enlarge": (lambda a, w: a[:, :, None] * w, [(3,)], [(1, 4)]),
    "convolution scaled by a weight": (lambda a, w, k: F.conv2d(a, k) * w.exp(), [IMAGE], [(2, 1, 1), (2, 3, 2, 2)]),
    "tensors": (lambda a, b: a + b - a * b / (b.abs() + 1), [FLAT, FLAT], []),
    "tensors of unequal shape": (lambda a, b: a * b[:, :, None, None] + b.unsqueeze(-1).unsqueeze(-1), [IMAGE, (3,)], []),
    "maximum, minimum": (lambda a, b: torch.maximum(a, b) - torch.minimum(a, 2 * b) + torch.max(a, b), [FLAT, FLAT], []),
    "comparisons": (lambda a, b: (a > b) * a + (a < 0) * b + (a >= b) * 0.5 - (b <= a).float(), [FLAT, FLAT], []),
    "equality": (lambda a: (a.trunc() == 0) * 2.0, [FLAT], []),
    "where": (lambda a, b, w: torch.where(a > b, a, w) + a.masked_fill(b > 0, -2), [FLAT, FLAT], [(6,)]),
    "lerp": (lambda a, b, c: torch.lerp(a, b, c), [FLAT] * 3, []),
    "casts": (lambda a: a.double().float() + a.long() + a.to(torch.int32), [FLAT], []),
    "dropout": (lambda a: F.dropout(a, 0.5, training=False).contiguous(), [FLAT], []),
    # Moving
    "shapes": (lambda a: a.flatten(1).view(len(a), 4, 15).reshape(-1, 60).unflatten(1, (5, 3, 4)).squeeze(1), [IMAGE], []),
    "permute": (lambda a: a.permute(0, 2, 3, 1) + a.transpose(1, 3).transpose(1, 2) + a.movedim(1, -1), [IMAGE], []),
    "transposed matrices": (lambda a: a.mT + a.swapaxes(1, 2), [MATRIX], []),
    "chunks": (lambda a: sum(part * (i + 1) for i, part in enumerate(a.chunk(3, 1))), [FLAT], []),
    "splits": (lambda a: torch.cat(a.split([1, 3, 2], 1)[::-1], 1), [FLAT], []),
    "slices": (lambda a: a[:, 1:, ::2, -2:] + a[:, :2, 1::2, 1:3] + a[..., 0:1, 2:4].flip(1)[:, 1:], [IMAGE], []),
    "selections": (lambda a: a[:, 1, 2] + a.select(1, 0)[:, 3] + a.narrow(1, 2, 1)[:, 0, 1], [IMAGE], []),
    "permutations by numbers": (lambda a: a[:, [3, 1, 5, 0, 0, 2]], [FLAT], []),
    "index_select": (lambda a: a.index_select(1, torch.tensor([4, 0, 2])), [FLAT], []),
    "roll": (lambda a: a.roll(2, 1), [FLAT], []),
    "unbind": (lambda a: [x * 2 for x in a.unbind(1)][1], [IMAGE], []),
    "repeats": (lambda a: a.repeat(1, 2) + a.repeat_interleave(2, dim=1), [FLAT], []),
    "expands": (lambda a: a.unsqueeze(2).expand(-1, -1, 3) + a[:, :, None].expand(len(a), 6, 3), [FLAT], []),
    "pixel shuffle": (lambda a: F.pixel_shuffle(a.repeat(1, 4, 1, 1), 2), [IMAGE], []),
    "pixel unshuffle": (lambda a: F.pixel_unshuffle(a[:, :, :, :4], 2), [IMAGE], []),
    "zero padding": (lambda a: F.pad(a, (1, 2, 0, 1)), [IMAGE], []),
    "reflection": (lambda a: F.pad(a, (1, 1, 1, 1), mode="reflect") + F.pad(a, (1, 1, 1, 1), mode="circular"), [IMAGE], []),
    "triangles": (lambda a: a.tril() + a.triu(1).tril(2), [MATRIX], []),
    "diagonals": (lambda a: torch.diag_embed(a).diagonal(1, 1, 2) + torch.diag_embed(a)[:, 0, 1:], [FLAT], []),
    "windows": (lambda a: a.unfold(1, 3, 2), [FLAT], []),
    "cat": (lambda a, b: torch.cat([a, b, a[:, :1]], 1), [IMAGE, (2, 4, 5)], []),
    "cat along the last": (lambda a, b: torch.cat([a, b], -1), [IMAGE, (3, 4, 2)], []),
    "cat with a weight": (lambda a, w: torch.cat([a, w.expand(len(a), -1, -1, -1)], 1), [IMAGE], [(2, 4, 5)]),
    "cat with zeros": (lambda a: torch.cat([torch.zeros_like(a), a, a.new_ones(len(a), 2)], 1), [FLAT], []),
    "new zeros": (lambda a: torch.cat([a.new_zeros(len(a), 1), a], 1), [FLAT], []),
    "cat with a weight of its shape": (lambda a, w: torch.cat([a, w.expand_as(a)], 1), [IMAGE], [(1, 1, 5)]),
    "stack": (lambda a, b: torch.stack([a, b, a], 2), [FLAT, FLAT], []),
    "a learned start": (lambda a, w: w.expand(a.shape[0], -1) + torch.zeros(a.shape[0], 6) * a, [FLAT], [(1, 6)]),
    # Along an axis
    "sums": (lambda a: a.sum((2, 3)) + a.mean((-2, -1)) * a.sum(2).mean(2), [IMAGE], []),
    "kept": (lambda a: a - a.mean(1, keepdim=True) + a.amax((1, 2), keepdim=True) * a.amin(3, keepdim=True), [IMAGE], []),
    "prod": (lambda a: a.prod(1), [FLAT], []),
    "max": (lambda a: a.max(1).values + a.max(2, keepdim=True)[0].sum(1) + a.min(1)[0], [MATRIX], []),
    "argmax": (lambda a: a.argmax(1) * 2 + a.min(1).indices + a.argmin(1), [MATRIX], []),
    "softmax": (lambda a: a.softmax(1) + F.softmax(5 * a, dim=2) + torch.softmax(a, -1), [IMAGE], []),
    "log softmax": (lambda a: F.log_softmax(a, 1) + a.logsumexp(1, keepdim=True), [IMAGE], []),
    "softmax of large numbers": (lambda a: (1e4 * a).softmax(1), [FLAT], []),
    "norms": (lambda a: a / a.norm(dim=1, keepdim=True) + torch.linalg.vector_norm(a, dim=1)[:, None], [FLAT], []),
    "normalize": (lambda a: F.normalize(a, dim=1) + F.normalize(0 * a, dim=1), [FLAT], []),
    "cumsum": (lambda a: a.cumsum(1), [MATRIX], []),
    "average pooling": (lambda a: F.adaptive_avg_pool2d(a, 1).flatten(1), [IMAGE], []),
    "pooling": (lambda a: F.max_pool2d(a, 2) + F.avg_pool2d(a, (2, 3), 2) + nn.functional.avg_pool2d(a, 2), [IMAGE], []),
    "overlapping windows": (lambda a: F.max_pool2d(a, (3, 2), (1, 2)), [IMAGE], []),
    # With weights
    "linear": (lambda a, w, v: F.linear(a, w, v), [FLAT], [(5, 6), (5,)]),
    "linear of rows": (lambda a, w, v: F.linear(a, w, v).relu(), [MATRIX], [(7, 4), (7,)]),
    "matrix products": (lambda a, w, v: a @ w + torch.addmm(v, a, w), [FLAT], [(6, 3), (3,)]),
    "products of tensors": (lambda a, b: a @ b + torch.bmm(a, b), [(3, 4), (4, 2)], []),
    "attention": (lambda a: ((a @ a.mT) / 2).softmax(-1) @ a, [MATRIX], []),
    "conv1d": (lambda a, w: F.conv1d(a, w, padding=1, stride=2), [(3, 9)], [(4, 3, 3)]),
    "transposed conv1d": (lambda a, w, v: F.conv_transpose1d(a, w, v, stride=2, padding=1), [(3, 5)], [(3, 4, 4), (4,)]),
    "instance norm": (lambda a, w, v: F.instance_norm(a, weight=w, bias=v), [IMAGE], [(3,), (3,)]),
    "merged batch": (lambda a, w: F.linear(a.permute(0, 2, 3, 1).reshape(-1, 3), w).view(len(a), 4, 5, 2), [IMAGE], [(2, 3)]),
    "nearest of a codebook": (
        lambda a, w: F.embedding(((a[:, :, None] - w) ** 2).sum(-1).argmin(-1), w).flatten(1),
        [(5, 3)],
        [(7, 3)],
    ),
}
INTEGERS: dict[str, tuple[Callable[..., Any], tuple[int, ...], list[tuple[int, ...]]]] = {
    # name: function of integers below 7, their shape, shapes of the weights
    "embedding": (lambda a, w: F.embedding(a, w), (4,), [(7, 3)]),
    "embedding of one": (lambda a, w: F.embedding(a, w), (), [(7, 5)]),
    "embedding of a grid": (lambda a, w: F.embedding(a, w).permute(0, 3, 1, 2), (2, 3), [(7, 3)]),
    "one hot": (lambda a: F.one_hot(a, 7).float().flatten(1), (2,), []),
}


def of_integers(case: tuple) -> tuple[nn.Module, dict[str, Tensor]]:
    f, shape, weights = case
    return Of(f, *weights), {"a": torch.randint(0, 7, (ROWS, *shape))}


def of_numbers(case: tuple) -> tuple[nn.Module, dict[str, Tensor]]:
    f, shapes, weights = case
    given = {letter: torch.randn(ROWS, *shape) for letter, shape in zip("abc", shapes, strict=False)}
    return Of(f, *weights), given


class Generator(nn.Module):
    """Letters one after the other, each given the one before, as a decoder of text makes them; with a second output."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(5, 4)
        self.cell = nn.GRUCell(4 + 2, 6)
        self.start = nn.Linear(3, 6)
        self.head = nn.Linear(6, 5)

    def forward(self, z: Tensor, label: Tensor) -> dict[str, Tensor]:
        hidden = self.start(z).tanh()
        letter = torch.zeros(len(z), dtype=torch.int64)
        scores = []
        for _ in range(4):
            hidden = self.cell(torch.cat([self.letters(letter), F.one_hot(label, 2).float()], 1), hidden)
            scores.append(self.head(hidden))
            letter = scores[-1].argmax(1)
        return {"scores": torch.stack(scores, 1), "last": letter}


class Ladder(nn.Module):
    """Two groups of latents, a learned start, a squeeze-and-excite gate and a softplus scale."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.randn(1, 4, 2, 2))
        self.top = nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.GELU())
        self.up = nn.ConvTranspose2d(8, 6, 4, 2, 1)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 6), nn.Sigmoid())
        self.below = nn.Conv2d(7, 4, 3, padding=1, padding_mode="circular")

    def forward(self, top: Tensor, bottom: Tensor) -> dict[str, Tensor]:
        x = torch.cat([self.start.expand(top.shape[0], -1, -1, -1), self.top(top).view(-1, 4, 2, 2)], 1)
        x = self.up(F.silu(x))
        x = x * self.gate(x)[:, :, None, None]
        mean, raw = self.below(torch.cat([x, bottom], 1)).chunk(2, 1)
        return {"mean": mean, "scale": F.softplus(raw) + 1e-3, "z": mean + F.softplus(raw) * bottom}


def cases() -> dict[str, tuple[nn.Module, dict[str, Tensor]]]:
    torch.manual_seed(0)
    found = {f"{name}, {seed}": of_numbers(case) for seed in (0, 1) for name, case in CASES.items()}
    found |= {name: of_integers(case) for name, case in INTEGERS.items()}
    found["generator"] = Generator(), {"z": torch.randn(ROWS, 3), "label": torch.randint(0, 2, (ROWS,))}
    found["ladder"] = Ladder(), {"top": torch.randn(ROWS, 3), "bottom": torch.randn(ROWS, 1, 4, 4)}
    return found


def side_by_side(named: dict[str, Tensor]) -> np.ndarray:
    return torch.cat([named[name].float().reshape(ROWS, -1) for name in sorted(named)], 1).numpy()


@pytest.fixture(scope="module")
def compared(node: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], np.ndarray, np.ndarray]]:
    """By the name of each case: its program's header, what the runtime gives and what torch gives."""
    folder = tmp_path_factory.mktemp("programs")
    command = [node, str(HARNESS), str(RUNTIME)]
    found = {}
    for i, (name, (module, given)) in enumerate(cases().items()):
        inputs = {key: Input(tuple(x.shape[1:]), not x.is_floating_point()) for key, x in given.items()}
        made = program(module.eval(), inputs)
        files = [folder / f"{i}.{kind}" for kind in ("program", "rows", "result")]
        files[0].write_bytes(made.to_bytes())
        files[1].write_bytes(side_by_side(given).tobytes())
        command += map(str, files)
        with torch.no_grad():
            wanted = module(**given)
        found[name] = made.header, files[2], side_by_side(wanted if isinstance(wanted, dict) else {"out": wanted})
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {
        name: (header, np.fromfile(file, np.float32).reshape(ROWS, -1), wanted)
        for name, (header, file, wanted) in found.items()
    }


@pytest.mark.parametrize("name", cases())
def test_it_agrees_with_torch(name: str, compared: dict) -> None:
    _, found, wanted = compared[name]
    np.testing.assert_allclose(found, wanted, atol=2e-5, rtol=2e-5)


def test_outputs_have_names(compared: dict) -> None:
    header, _, _ = compared["ladder"]
    assert list(header["inputs"]) == ["top", "bottom"] and list(header["outputs"]) == ["mean", "scale", "z"]


def known(file: str, row: str) -> set[str]:
    """The names of the rows of a table of the runtime."""
    return set(re.findall(row, (RUNTIME / file).read_text(), re.MULTILINE))


def test_each_operation_of_the_runtime_is_run_here(compared: dict) -> None:
    nodes = [entry for header, _, _ in compared.values() for entry in header["nodes"]]
    operations = {entry["op"] for entry in nodes} | {"upsample"}  # by test_runtime.py
    assert known("operations.js", r"^  (\w+): (?:plan|\()") == operations
    functions = {entry["function"] for entry in nodes if "function" in entry}
    folds = known("reducing.js", r"^  (\w+): {") | {"argmax", "argmin", "logsumexp"}
    assert folds | known("combining.js", r"^  (\w+): (?:\(|Math)") == functions
    activations = {one[0] for entry in nodes for one in entry.get("activations", [])}
    assert known("activations.js", r"^  (\w+): (?:kernel|\()") == activations


def test_weights_of_a_loop_are_sent_once(compared: dict) -> None:
    header, _, _ = compared["generator"]
    linear = [entry["arrays"]["weight"] for entry in header["nodes"] if entry["op"] == "linear"]
    assert len(linear) == 1 + 3 * 4 and len(set(linear)) == 4


def test_an_integer_that_the_table_has_not_is_refused(node: str, tmp_path: Path) -> None:
    module = Of(F.embedding, (7, 2))
    (tmp_path / "program").write_bytes(program(module, {"a": Input((1,), integers=True)}).to_bytes())
    (tmp_path / "rows").write_bytes(np.float32([7]).tobytes())
    command = [node, str(HARNESS), str(RUNTIME), *(str(tmp_path / name) for name in ("program", "rows", "result"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "was given 7 where it knows 0 to 6" in done.stderr
