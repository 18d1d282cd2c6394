"""Values out of pickles that may hold anything."""

from __future__ import annotations

import pickle  # noqa: TID251 - to write what must not be read
from typing import Any

import numpy as np
import pytest
from retake.shared.object_arrays import read_values


class _HiddenObject:
    """A type whose field is an object, of which its flags say nothing: bytes become pointers."""

    def __reduce__(self) -> Any:
        fields = {"a": (np.dtype("O"), 0)}
        return np.dtype, ("V8", False, True), (3, "|", None, ("a",), fields, 8, 1, 0)


def test_a_pickled_type_cannot_hide_objects() -> None:
    content = pickle.dumps(_HiddenObject())
    assert not pickle.loads(content).hasobject  # numpy itself is taken in
    with pytest.raises(ValueError, match="not a type"):
        read_values(content)


def test_plain_values_are_read() -> None:
    values = [np.float32(0.1), np.int64(-5), np.bool_(True), np.str_("wälk"), "text", None, 7]
    assert read_values(pickle.dumps(values)) == values
    arrays = [np.arange(6.0).reshape(2, 3), np.array([[1], "a"], dtype=object)]
    for array, read in zip(arrays, read_values(pickle.dumps(arrays)), strict=True):
        assert array.tolist() == read.tolist()
