"""Weights of the authors' released code, renamed to ours. Knows their names, not their files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from ..errors import RetakeError
from .config import ModelConfig
from .diffusion import Diffusion
from .schedule import CosineSchedule

ESTIMATOR_PREFIX = "dir_bone_estimator."

HEADS = 8
"""Of all their models. Weights do not tell the number of attention heads."""

_NAMES = {
    "Spatial_pos_embed": "joint_embedding",
    "group": "level_embedding",
    "Temporal_pos_embed": "frame_embedding",
    "Spatial_patch_to_embedding": "embed",
    "Spatial_norm": "spatial_norm",
    "Temporal_norm": "temporal_norm",
    "head_pose": "head",
}
_LAYER_LISTS = {"STEblocks": "spatial", "TTEblocks": "temporal"}

_SCHEDULE = "alphas_cumprod"
_SCHEDULE_TABLES = {
    "betas",
    _SCHEDULE,
    "alphas_cumprod_prev",
    "sqrt_alphas_cumprod",
    "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
    "posterior_variance",
    "posterior_log_variance_clipped",
    "posterior_mean_coef1",
    "posterior_mean_coef2",
}


_LATER_LAYER = re.compile(re.escape(ESTIMATOR_PREFIX) + r"STEblocks\.(\d+)\.")
_BLOCKS = re.compile(r"([ST]TEblocks(?:_0)?)\.(\d+)\.(.+)")


def our_name(key: str) -> str:
    """'dir_bone_estimator.STEblocks.0.attn.qkv.weight' -> 'spatial.1.attn.qkv.weight' and so on.

    Raises KeyError for a name that their code does not have.
    """
    if not key.startswith(ESTIMATOR_PREFIX):
        raise KeyError(key)
    rest = key.removeprefix(ESTIMATOR_PREFIX)
    first, _, leaf = rest.partition(".")
    if first in _NAMES:
        return _NAMES[first] + ("." + leaf if leaf else "")
    if first == "time_mlp":  # theirs counts the parameterless sinusoid as a layer
        return "time_mlp." + {"1": "0", "3": "2"}[leaf[:1]] + leaf[1:]
    block = _BLOCKS.fullmatch(rest)
    if block is None:
        raise KeyError(key)
    plain = block[1].endswith("_0")
    layer = int(block[2]) + (0 if plain else 1)
    return f"{_LAYER_LISTS[block[1].removesuffix('_0')]}.{layer}.{block[3]}"


def released_config(weights: Mapping[str, Tensor], skeleton: str, heads: int) -> ModelConfig:
    """The configuration of weights keyed as in the released code.

    Their shapes tell all of it but the skeleton (both have 17 joints on six levels) and the number
    of heads. Raises RetakeError if they are not of that code, or were trained with another noise
    schedule than ours.
    """
    _, width = _matrix(weights, "Spatial_pos_embed")
    frames, _ = _matrix(weights, "Temporal_pos_embed")
    hidden, _ = _matrix(weights, "STEblocks_0.0.mlp.fc1.weight")
    config = ModelConfig.from_dict(
        {
            "variant": "released",
            "skeleton": skeleton,
            "frames": frames,
            "width": width,
            "depth": 1 + len({m[1] for key in weights if (m := _LATER_LAYER.match(key))}),
            "heads": heads,
            "mlp_ratio": hidden / width,
        }
    )
    _refuse_other_schedule(weights.get(_SCHEDULE), config.timesteps)
    return config


def load_released(model: Diffusion, weights: Mapping[str, Tensor]) -> list[str]:
    """Loads weights keyed as in the released code, strictly; returns the keys that nothing uses.

    Unused are the tables of the noise schedule and the children's keys (`qkv_xc`) of the spatial
    blocks. Raises RetakeError if a weight is missing, unknown or of another shape.
    """
    ours: dict[str, Tensor] = {}
    unused: list[str] = []
    for key, value in weights.items():
        if key in _SCHEDULE_TABLES or (".STEblocks." in key and ".qkv_xc." in key):
            unused.append(key)
            continue
        try:
            name = our_name(key)
        except KeyError:
            raise RetakeError(f"The checkpoint has an unknown weight '{key}'.") from None
        if name in ours:
            raise RetakeError(f"The checkpoint has the weight '{name}' twice, also as '{key}'.")
        ours[name] = value.squeeze(0) if name.endswith("_embedding") else value
    _refuse_mismatch(model.denoiser.state_dict(), ours)
    model.denoiser.load_state_dict(ours)
    return unused


def _matrix(weights: Mapping[str, Tensor], name: str) -> tuple[int, int]:
    """Rows and columns of a weight that the configuration is derived from."""
    weight = weights.get(ESTIMATOR_PREFIX + name)
    if weight is None:
        raise RetakeError(f"The checkpoint lacks the weight '{ESTIMATOR_PREFIX}{name}'.")
    if weight.dim() < 2 or 0 in weight.shape:
        raise RetakeError(
            f"The checkpoint's weight '{name}' has shape {tuple(weight.shape)}; expected a matrix."
        )
    return weight.shape[-2], weight.shape[-1]


def _refuse_other_schedule(alpha_bar: Tensor | None, timesteps: int) -> None:
    """The tables are not weights, but tell for which noise levels the weights were trained."""
    if alpha_bar is None:
        return
    expected = CosineSchedule(timesteps).alpha_bar
    if alpha_bar.shape != expected.shape or (alpha_bar.double() - expected).abs().max() > 1e-6:
        raise RetakeError(
            f"The checkpoint has another noise schedule than the cosine of {timesteps} steps "
            "that the authors' code has."
        )


def _refuse_mismatch(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    for name, value in expected.items():
        if name not in found:
            raise RetakeError(f"The checkpoint lacks the weight '{name}'.")
        if found[name].shape != value.shape:
            raise RetakeError(
                f"The checkpoint's weight '{name}' has shape {tuple(found[name].shape)}; "
                f"this configuration needs {tuple(value.shape)}."
            )
    extra = sorted(set(found) - set(expected))
    if extra:
        raise RetakeError(f"The checkpoint has a weight this configuration does not: '{extra[0]}'.")
