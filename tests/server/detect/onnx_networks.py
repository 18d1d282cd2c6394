"""Small ONNX networks of the exact inputs and outputs of RTMPose, ViTPose and YOLOX.

They truly look: each of 17 points is found by its colour, as a soft map that is smoothed.
Only what a training would have made of them is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, HEIGHT, POINTS = 192, 256, 17
MEAN, DEVIATION = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])

COLOURS = np.array(
    [(r, g, b) for r in (0, 128, 255) for g in (0, 128, 255) for b in (0, 255)][1:18], np.uint8
)
"""Of the 17 points, RGB; none is black, which is what lies outside of a picture."""

_SHARPNESS = 6.0


def rtmpose(path: Path, split: int = 2) -> Path:
    """(1, 3, 256, 192) -> simcc_x (1, 17, 384), simcc_y (1, 17, 512)."""
    nodes = _soft_maps()
    for name, axis in (("x", 2), ("y", 3)):
        nodes += [
            helper.make_node("ReduceMax", ["maps"], [f"max_{name}"], axes=[axis], keepdims=0),
            helper.make_node(
                "Resize",
                [f"max_{name}", "", "", f"sizes_{name}"],
                [f"simcc_{name}"],
                mode="linear",
                coordinate_transformation_mode="asymmetric",
            ),
        ]
    sizes = {
        "sizes_x": np.array([1, POINTS, WIDTH * split]),
        "sizes_y": np.array([1, POINTS, HEIGHT * split]),
    }
    outputs = {"simcc_x": [1, POINTS, WIDTH * split], "simcc_y": [1, POINTS, HEIGHT * split]}
    return _save(path, nodes, _weights() | sizes, outputs, (HEIGHT, WIDTH))


def vitpose(path: Path) -> Path:
    """(1, 3, 256, 192) -> heat maps (1, 17, 64, 48)."""
    resize = helper.make_node(
        "Resize",
        ["maps", "", "", "sizes"],
        ["output"],
        mode="linear",
        coordinate_transformation_mode="align_corners",
    )
    shape = [1, POINTS, HEIGHT // 4, WIDTH // 4]
    weights = _weights() | {"sizes": np.array(shape)}
    return _save(path, [*_soft_maps(), resize], weights, {"output": shape}, (HEIGHT, WIDTH))


def yolox(path: Path, dets: Sequence[Sequence[float]], labels: Sequence[int]) -> Path:
    """(1, 3, 416, 416) -> dets (1, N, 5), labels (1, N): always the same ones."""
    weights = {"a": np.array([dets], np.float32), "b": np.array([labels], np.int64)}
    nodes = [
        helper.make_node("Identity", ["a"], ["dets"]),
        helper.make_node("Identity", ["b"], ["labels"]),
    ]
    outputs = {"dets": [1, len(dets), 5], "labels": [1, len(dets)]}
    return _save(path, nodes, weights, outputs, (416, 416))


def no_pose_network(path: Path) -> Path:
    """A picture in, one number out."""
    mean = helper.make_node("ReduceMean", ["input"], ["out"], axes=[1, 2, 3], keepdims=0)
    return _save(path, [mean], {}, {"out": [1]}, (HEIGHT, WIDTH))


def _soft_maps() -> list[Any]:
    """`maps`: exp(-sharpness x squared distance of the colour), smoothed, the fourth root."""
    return [
        helper.make_node("Mul", ["input", "input"], ["squares"]),
        helper.make_node("Concat", ["input", "squares"], ["both"], axis=1),
        helper.make_node("Conv", ["both", "weights", "bias"], ["off"]),
        helper.make_node("Exp", ["off"], ["near"]),
        helper.make_node("Conv", ["near", "bell_x"], ["wide"], group=POINTS, pads=[0, 10, 0, 10]),
        helper.make_node("Conv", ["wide", "bell_y"], ["mean"], group=POINTS, pads=[10, 0, 10, 0]),
        # The fourth root: high also where the disc is small, as in a first look from afar.
        helper.make_node("Sqrt", ["mean"], ["root"]),
        helper.make_node("Sqrt", ["root"], ["maps"]),
    ]


def _weights() -> dict[str, npt.NDArray[Any]]:
    colours = (COLOURS - MEAN) / DEVIATION
    weights = -_SHARPNESS * np.concatenate([-2 * colours, np.ones_like(colours)], axis=1)
    bias = -_SHARPNESS * (colours**2).sum(axis=1)
    bell = np.exp(-((np.arange(21) - 10) ** 2) / (2 * 4.0**2)).astype("f4")
    bells = np.tile(bell / bell.sum(), (POINTS, 1))[:, None]
    return {
        "weights": weights[..., None, None].astype("f4"),
        "bias": bias.astype("f4"),
        "bell_x": bells[:, :, None, :],
        "bell_y": bells[:, :, :, None],
    }


def _save(
    path: Path,
    nodes: list[Any],
    weights: dict[str, npt.NDArray[Any]],
    outputs: dict[str, list[int]],
    size: tuple[int, int],
) -> Path:
    kinds = {"labels": TensorProto.INT64}
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, *size])],
        [
            helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)
            for name, shape in outputs.items()
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path
