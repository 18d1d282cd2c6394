"""Adds to MediaPipe's pose landmark network the metadata that the Tasks API asks for.

A `.tflite` file is a FlatBuffer: tables that point forward to what they hold. A new root table is
put in front of the unchanged file and points into it, so the result depends on no library's version
and is the same, byte for byte, everywhere. Layouts: FlatBuffers' "internals" page; slots: TFLite's
`schema.fbs` and MediaPipe's `metadata_schema.fbs`. This module knows nothing of poses.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_MODEL_VERSION, _MODEL_BUFFERS, _MODEL_METADATA = 0, 4, 6
_MODEL_SLOTS = range(8)
_ALIGNMENT = 16
"""Bytes. Weights must keep their alignment, so what is put in front is a multiple of it."""

_RGB, _IMAGE_PROPERTIES, _NORMALIZATION_OPTIONS = 1, 2, 1
"""Values of the enums ColorSpaceType, ContentProperties and ProcessUnitOptions."""

OUTPUTS = ("landmarks", "presence", "segmentation", "heatmap", "world_landmarks")


@dataclass(frozen=True)
class Scalar:
    value: int


@dataclass(frozen=True)
class Old:
    """Something in the original file, by its position there."""

    position: int


@dataclass(frozen=True)
class Table:
    slots: dict[int, Node]


@dataclass(frozen=True)
class Numbers:
    values: tuple[float, ...]


@dataclass(frozen=True)
class Tables:
    items: Sequence[Table | Old]


Node = Scalar | Old | Table | Tables | Numbers | str | bytes


def with_metadata(network: bytes) -> bytes:
    """The same `.tflite` network, described: one RGB image input divided by 255, five outputs."""
    model = _root_slots(network)
    buffers = _elements(network, model[_MODEL_BUFFERS])
    metadata = _elements(network, model[_MODEL_METADATA])
    entry = Table({0: "TFLITE_METADATA", 1: Scalar(len(buffers))})
    slots: dict[int, Node] = {slot: Old(position) for slot, position in model.items()}
    slots[_MODEL_VERSION] = Scalar(_unsigned(network, model[_MODEL_VERSION]))
    slots[_MODEL_BUFFERS] = Tables([*buffers, Table({0: _description()})])
    slots[_MODEL_METADATA] = Tables([*metadata, entry])
    return _Writer(b"TFL3").finish(Table(slots), network)


def _description() -> bytes:
    """MediaPipe's ModelMetadata, a FlatBuffer of its own."""
    image = Table({0: Scalar(_RGB)})
    scaling = Table({0: Numbers((0.0,)), 1: Numbers((255.0,))})
    content = Table({0: Scalar(_IMAGE_PROPERTIES), 1: image})
    process = Table({0: Scalar(_NORMALIZATION_OPTIONS), 1: scaling})
    pixels = Table({0: "image", 3: content, 4: Tables([process])})
    graph = Table({2: Tables([pixels]), 3: Tables([Table({0: name}) for name in OUTPUTS])})
    return _Writer(b"M001").finish(Table({0: "pose landmarks", 3: Tables([graph])}), b"")


def _unsigned(data: bytes, position: int) -> int:
    return struct.unpack_from("<I", data, position)[0]


def _root_slots(data: bytes) -> dict[int, int]:
    """Slot of the root table -> position of its value (version) or of what it points to."""
    root = _unsigned(data, 0)
    vtable = root - struct.unpack_from("<i", data, root)[0]
    count = struct.unpack_from("<H", data, vtable)[0] // 2 - 2
    offsets = struct.unpack_from(f"<{count}H", data, vtable + 4)
    fields = {slot: root + offsets[slot] for slot in _MODEL_SLOTS if slot < count and offsets[slot]}
    return {
        slot: field if slot == _MODEL_VERSION else field + _unsigned(data, field)
        for slot, field in fields.items()
    }


def _elements(data: bytes, vector: int) -> list[Old]:
    """What a vector of tables points to."""
    fields = range(vector + 4, vector + 4 + 4 * _unsigned(data, vector), 4)
    return [Old(field + _unsigned(data, field)) for field in fields]


class _Writer:
    """Writes nodes from the root onwards; every table field takes four bytes."""

    def __init__(self, identifier: bytes) -> None:
        self._bytes = bytearray(4) + identifier
        self._links: list[tuple[int, int]] = []

    def finish(self, root: Table, old: bytes) -> bytes:
        """The buffer with `root` as root table, followed by `old`."""
        self._point(0, root)
        self._pad(_ALIGNMENT, 0)
        for field, position in self._links:
            self._set(field, len(self._bytes) + position - field)
        return bytes(self._bytes) + old

    def _point(self, field: int, node: Node) -> None:
        """Fill the four bytes at `field` with the way to `node`; writes it now unless it is old."""
        if isinstance(node, Old):
            self._links.append((field, node.position))
        elif isinstance(node, Scalar):
            self._set(field, node.value)
        else:
            self._set(field, self._place(node) - field)

    def _place(self, node: Table | Tables | Numbers | str | bytes) -> int:
        """Write `node`; its position."""
        self._pad(4, 0)
        match node:
            case Table():
                return self._table(node.slots)
            case Tables():
                return self._vector(node.items)
            case Numbers():
                return self._counted(
                    len(node.values), struct.pack(f"<{len(node.values)}f", *node.values)
                )
            case str():
                return self._counted(len(node.encode()), node.encode() + b"\0")
            case bytes():
                self._pad(_ALIGNMENT, 4)
                return self._counted(len(node), node)

    def _table(self, slots: dict[int, Node]) -> int:
        filled = sorted(slots)
        offsets = [4 + 4 * filled.index(s) if s in slots else 0 for s in range(filled[-1] + 1)]
        sizes = (4 + 2 * len(offsets), 4 + 4 * len(filled))
        vtable = self._append(struct.pack(f"<{len(offsets) + 2}H", *sizes, *offsets))
        self._pad(4, 0)
        table = self._append(bytes(sizes[1]))
        self._set(table, table - vtable)
        for slot in filled:
            self._point(table + offsets[slot], slots[slot])
        return table

    def _vector(self, items: Sequence[Table | Old]) -> int:
        vector = self._counted(len(items), bytes(4 * len(items)))
        for index, item in enumerate(items):
            self._point(vector + 4 + 4 * index, item)
        return vector

    def _counted(self, count: int, data: bytes) -> int:
        return self._append(struct.pack("<I", count) + data)

    def _append(self, data: bytes) -> int:
        position = len(self._bytes)
        self._bytes += data
        return position

    def _pad(self, multiple: int, ahead: int) -> None:
        """Zeros until the position plus `ahead` is a multiple of `multiple`."""
        self._bytes += bytes(-(len(self._bytes) + ahead) % multiple)

    def _set(self, position: int, value: int) -> None:
        struct.pack_into("<I", self._bytes, position, value)
