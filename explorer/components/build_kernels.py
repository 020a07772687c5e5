"""Compiles kernels.wat into the module that the page loads: python -m explorer.components.build_kernels.

The module contains two builds: one with fused multiply-adds, which newer browsers run about 1.4 times as fast, and a plain one
for the other browsers.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

RUNTIME = Path(__file__).parent / "base" / "runtime"

TEMPLATE = """\
// Compiled from kernels.wat by `python -m explorer.components.build_kernels`; a test compares the two.

const FUSED =
{fused};

const PLAIN =
{plain};

/** @param {{string}} text */
const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/**
 * @param {{WebAssembly.Memory}} memory
 * @returns {{Kernels}}
 */
export function startKernels(memory) {{
  const fused = decode(FUSED);
  const module = new WebAssembly.Module(WebAssembly.validate(fused) ? fused : decode(PLAIN));
  const {{ exports }} = new WebAssembly.Instance(module, {{ host: {{ memory }} }});
  return /** @type {{Kernels}} */ (exports);
}}
"""

Expression = str | list["Expression"]


def module_text() -> str:
    """The text of kernels.js. Requires wasmtime."""
    source = (RUNTIME / "kernels.wat").read_text()
    return TEMPLATE.format(fused=_literal(fuse(source)), plain=_literal(source))


def fuse(source: str) -> str:
    """The module with every (f32x4.add (f32x4.mul a b) c) replaced by one relaxed multiply-add."""
    return " ".join(_text(_fused(expression)) for expression in _parse(source))


def _literal(source: str) -> str:
    import wasmtime

    encoded = base64.b64encode(wasmtime.wat2wasm(source)).decode()
    return " +\n".join(f'  "{encoded[i : i + 112]}"' for i in range(0, len(encoded), 112))


def _parse(source: str) -> list[Expression]:
    stack: list[list[Expression]] = [[]]
    for token in re.findall(r'"[^"]*"|[()]|[^\s()]+', re.sub(r";;.*", "", source)):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    return stack[0]


def _fused(expression: Expression) -> Expression:
    if isinstance(expression, str):
        return expression
    expression = [_fused(part) for part in expression]
    match expression:
        case ["f32x4.add", ["f32x4.mul", a, b], c]:
            return ["f32x4.relaxed_madd", a, b, c]
    return expression


def _text(expression: Expression) -> str:
    return expression if isinstance(expression, str) else f"({' '.join(map(_text, expression))})"


if __name__ == "__main__":
    (RUNTIME / "kernels.js").write_text(module_text())
