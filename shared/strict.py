"""A strict reader: from the plain values of a decoded message to frozen dataclasses.

Unknown or missing fields and wrong types are refused with the path of what is wrong. It does not
know which messages there are.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any

from .errors import FieldError


class ProtocolError(FieldError):
    """A message that is not what the protocol says; `field` is the path of what is wrong."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(field, f"{field}: {text}" if field else text)


def read_struct(value: object, cls: type[Any], path: str) -> Any:
    """An instance of the dataclass `cls` from a map of its fields. Raises ProtocolError.

    `path` is where the map stands in the message. Fields may be whole numbers, floats, truth
    values, texts, bytes, lists, dataclasses, and these or None.
    """
    if not isinstance(value, dict):
        raise ProtocolError(path, f"expected a map, got {type(value).__name__}")
    given = typing.cast(dict[Any, Any], value)
    kinds = _kinds_of(cls)
    for key in given:
        if key not in kinds:
            raise ProtocolError(_join(path, str(key)), f"unknown field of {cls.__name__}")
    read: dict[str, Any] = {}
    for spec in dataclasses.fields(cls):
        here = _join(path, spec.name)
        if spec.name in given:
            read[spec.name] = _read(given[spec.name], kinds[spec.name], here)
        elif spec.default is dataclasses.MISSING:
            raise ProtocolError(here, f"missing from {cls.__name__}")
    return cls(**read)


@functools.cache
def _kinds_of(cls: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _read(value: object, kind: Any, path: str) -> Any:
    if typing.get_origin(kind) is types.UnionType:  # the only union is X | None
        return None if value is None else _read(value, typing.get_args(kind)[0], path)
    if typing.get_origin(kind) is list:
        if not isinstance(value, list):
            raise ProtocolError(path, f"expected a list, got {type(value).__name__}")
        inner = typing.get_args(kind)[0]
        return [
            _read(v, inner, f"{path}[{i}]") for i, v in enumerate(typing.cast(list[Any], value))
        ]
    if dataclasses.is_dataclass(kind):
        return read_struct(value, typing.cast(type[Any], kind), path)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ProtocolError(path, f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
