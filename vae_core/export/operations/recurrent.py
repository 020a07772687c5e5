"""One step of a recurrent layer, in terms of matrices and elementwise functions. A loop over steps is traced step by step."""

from __future__ import annotations

from torch import Tensor

from vae_core.export.graph import Ref
from vae_core.export.operations.call import Call, Lowering, Operand, array, require


def _gru_cell(
    call: Call, x: Ref, hidden: Operand, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Ref:
    require(len(call.shape) == 2, "has no batch")
    shape = call.shape
    size = shape[1]
    hidden = call.ref(hidden, shape)
    r, z, n = _gates(call, x, w_ih, b_ih, size)
    r_h, z_h, n_h = _gates(call, hidden, w_hh, b_hh, size)

    combine = call.combine
    reset = call.activate(combine("add", r, r_h), ("sigmoid",))
    update = call.activate(combine("add", z, z_h), ("sigmoid",))
    new = call.activate(combine("add", n, combine("multiply", reset, n_h)), ("tanh",))
    return combine("add", new, combine("multiply", update, combine("subtract", hidden, new)))


def _gates(call: Call, x: Ref, weight: Tensor, bias: Tensor | None, size: int) -> list[Ref]:
    require(x.shape[0] == 1, "has a merged batch")
    matrix = array(weight)
    arrays = {"weight": matrix, "bias": array(bias, len(matrix))}
    y = call.graph.add("linear", [x], (1, len(matrix)), arrays=arrays, macs=matrix.size)
    return [call.slice(y, i * size, (1, size)) for i in range(len(matrix) // size)]


OPERATIONS: dict[str, Lowering] = {"gru_cell": _gru_cell}
