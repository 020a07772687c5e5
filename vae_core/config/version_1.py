"""Configurations of models as the first version of checkpoints and of training states stored them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vae_core.config.base import Config, ConfigError
from vae_core.config.likelihoods import LikelihoodConfig
from vae_core.config.nets import NetConfig
from vae_core.config.schedules import ScheduleConfig


def is_version_1(model: Any) -> bool:
    """True if the JSON of a model's configuration is of the first version."""
    return isinstance(model, Mapping) and "image" in model


def upgraded_model(model: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a configuration in the present version, from that of the first.

    In the first version one class held the fields of all kinds. Fields that a kind does not have had no effect, and are left
    out. Raises ConfigError where it is not one of the first version.
    """
    try:
        channels, height, width = model["image"]
        image = {"kind": "image", "name": "image", "channels": channels, "height": height, "width": width}
        objective = dict(model.get("objective") or {})
        if "schedule" in objective:
            objective["schedule"] = _own_fields(objective["schedule"], ScheduleConfig, "constant")
        posterior = {"kind": (model.get("posterior") or {}).get("kind", "gaussian")}
        rate = posterior["kind"] != "deterministic"
        return {
            "observation": {"fields": [image]},
            "structure": {"kind": "flat", "latent": model["latent"]},
            "net": _own_fields(model.get("net") or {}, NetConfig, "residual"),
            "posterior": posterior,
            "prior": {"kind": (model.get("prior") or {}).get("kind", "normal")},
            "likelihood": _own_fields(model.get("likelihood") or {}, LikelihoodConfig, "bernoulli"),
            "objective": {"kind": "elbo"} | objective if rate else {"kind": "reconstruction"},
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"This is not the configuration of a model: {error}.") from None


def _own_fields(data: Mapping[str, Any], axis: type[Config], usual: str) -> dict[str, Any]:
    """The kind with the fields that it has. Unknown kinds are left for the configuration to refuse."""
    kind = data.get("kind", usual)
    if kind not in axis.kinds:
        return {"kind": kind}
    names = axis.kinds[kind].field_names()
    # In the first version None stood for the widths that suit the kind.
    return {"kind": kind} | {name: value for name, value in data.items() if name in names and value is not None}
