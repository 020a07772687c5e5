"""Models as ONNX files, by torch's own exporter. It needs the packages `onnx` and `onnxscript`."""

from __future__ import annotations

import importlib.util
import warnings

import torch

from vae_core.export.graph import ExportError
from vae_core.export.modules import PARTS, PartName
from vae_core.export.trace import first_sentence, zeros
from vae_core.models.autoencoder import Autoencoder

PACKAGES = ("onnx", "onnxscript")


def check_packages() -> None:
    """Raises ExportError, which says what to install, where a package is missing that `onnx_model` needs."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(f"Export to ONNX needs {' and '.join(missing)}: pip install {' '.join(missing)}.")


def onnx_model(model: Autoencoder, part: PartName = "decoder") -> bytes:
    """The decoder or the encoder as an ONNX file, with the inputs and outputs of a network program and a batch of any size.

    Raises ExportError where a package is missing, and where torch cannot export the model.
    """
    check_packages()
    module = PARTS[part](model)
    given = zeros(module.inputs, model.device)
    batch = torch.export.Dim("batch")
    with model.inference(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = torch.onnx.export(
                module.eval(),
                kwargs=given,
                input_names=list(given),
                output_names=list(module(**given)),
                dynamic_shapes={name: {0: batch} for name in given},
                dynamo=True,
                verbose=False,
            )
        except Exception as error:
            raise ExportError(f"The {part} cannot be exported to ONNX: {first_sentence(error)}.") from error
    assert made is not None, "torch returns a program if dynamo is True"
    proto = made.model_proto
    if fixed := [one.name for one in proto.graph.input if not one.type.tensor_type.shape.dim[0].dim_param]:
        raise ExportError(f"The {part} cannot be exported to ONNX: its input {fixed[0]} would take batches of one size alone.")
    return proto.SerializeToString()
