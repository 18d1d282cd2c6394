"""Weights of the authors' released code, renamed to ours. Knows their names, not their files."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..errors import RetakeError
from .diffusion import Diffusion

ESTIMATOR_PREFIX = "dir_bone_estimator."

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


def our_name(key: str) -> str:
    """'STEblocks.0.attn.qkv.weight' -> 'spatial.1.attn.qkv.weight' and so on."""
    first, _, rest = key.partition(".")
    if first in _NAMES:
        return _NAMES[first] + ("." + rest if rest else "")
    if first == "time_mlp":  # theirs counts the parameterless sinusoid as a layer
        index, _, leaf = rest.partition(".")
        return f"time_mlp.{int(index) - 1}.{leaf}"
    index, _, leaf = rest.partition(".")
    plain = first.endswith("_0")
    layer = 0 if plain else int(index) + 1
    return f"{_LAYER_LISTS[first.removesuffix('_0')]}.{layer}.{leaf}"


def load_released(model: Diffusion, weights: Mapping[str, Tensor]) -> list[str]:
    """Loads weights keyed as in the released code, strictly; returns the keys that nothing uses.

    Unused are the children's keys (`qkv_xc`) of the spatial blocks. Raises RetakeError if a weight
    is missing, unknown or of another shape.
    """
    expected = model.denoiser.state_dict()
    ours: dict[str, Tensor] = {}
    unused: list[str] = []
    for key, value in weights.items():
        if ".STEblocks." in key and ".qkv_xc." in key:
            unused.append(key)
            continue
        try:
            name = our_name(key.removeprefix(ESTIMATOR_PREFIX))
        except (KeyError, ValueError):
            raise RetakeError(f"The checkpoint has an unknown weight '{key}'.") from None
        ours[name] = value.squeeze(0) if name.endswith("_embedding") else value
    _refuse_mismatch(expected, ours)
    model.denoiser.load_state_dict(ours)
    return unused


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
