"""The wire between client and server: messages, encoding, strict decoding.

MessagePack in one ZeroMQ frame. A message is a map with a `type` and the fields of one frozen
dataclass below. Nothing is used before `decode` has accepted it: unknown or missing fields and
wrong types raise `ProtocolError`, which names the path of the bad field. Both ends ship together:
unequal `PROTOCOL_VERSION`s refuse each other; within a version fields are only added, with
defaults. `docs/protocol.md` is the prose.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

from .arrays import AnyArray
from .errors import FieldError

PROTOCOL_VERSION = 1

LARGEST_MESSAGE = 256 * 2**20
"""Bytes. A message above this is refused unread."""

DTYPES = ("<f4", "<f8", "<i4", "|u1", "|b1")


class ProtocolError(FieldError):
    """A message that is not what the protocol says; `field` is the path of what is wrong."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(field, f"{field}: {text}" if field else text)


@dataclass(frozen=True, kw_only=True)
class Array:
    """A numeric array: dtype (one of `DTYPES`), shape and the bytes in C order."""

    dtype: str
    shape: list[int]
    data: bytes

    @staticmethod
    def pack(values: AnyArray) -> Array:
        dtype = values.dtype.newbyteorder("<").str
        if dtype not in DTYPES:
            raise TypeError(f"dtype {values.dtype} does not travel; allowed: {', '.join(DTYPES)}")
        data = np.ascontiguousarray(values, dtype)
        return Array(dtype=dtype, shape=list(values.shape), data=data.tobytes())

    def unpack(self, field: str) -> AnyArray:
        """A writable copy. Raises ProtocolError if dtype, shape and number of bytes disagree."""
        if self.dtype not in DTYPES:
            raise ProtocolError(
                f"{field}.dtype", f"'{self.dtype}' is not one of {', '.join(DTYPES)}"
            )
        if any(n < 0 for n in self.shape):
            raise ProtocolError(f"{field}.shape", f"{self.shape} has a negative entry")
        count = 1
        for n in self.shape:
            count *= n
        expected = count * np.dtype(self.dtype).itemsize
        if len(self.data) != expected:
            raise ProtocolError(
                f"{field}.data",
                f"{len(self.data)} bytes; shape {self.shape} of {self.dtype} needs {expected}",
            )
        try:
            return np.frombuffer(self.data, self.dtype).reshape(self.shape).copy()
        except ValueError:  # more dimensions or larger ones than numpy has
            raise ProtocolError(f"{field}.shape", f"{self.shape} is no shape of an array") from None


# Requests: client -> server.


@dataclass(frozen=True, kw_only=True)
class Hello:
    """First message of a client. Answered by Welcome, or by Failed if the versions differ."""

    job_id: str
    protocol_version: int
    package_version: str


@dataclass(frozen=True, kw_only=True)
class Lift:
    """Sample `hypotheses` 3D motions of one keypoint track.

    Answered by Accepted, Progress ..., Result.
    """

    job_id: str
    points: Array
    confidence: Array
    times: Array
    width: int
    height: int
    fps: float
    source: str
    model: str
    hypotheses: int
    iterations: int
    seed: int
    focal: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """Stop the job `job_id`. Answered, for that job, by Failed with code `cancelled`."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class Ping:
    """Is anybody there? Answered by Pong, also while a job runs."""

    job_id: str


# Replies: server -> client. Each repeats the job_id of its request.


@dataclass(frozen=True, kw_only=True)
class Welcome:
    job_id: str
    protocol_version: int
    package_version: str
    device: str
    models: list[str]


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The job stands in the queue behind `ahead` others."""

    job_id: str
    ahead: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`done` of `total` steps of a named stage; `total` counts the whole job."""

    job_id: str
    stage: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """The takes of a Lift: the arrays of `takes.Takes`, and the rest of it as JSON in `meta`."""

    job_id: str
    poses: Array
    root: Array
    weights: Array
    spread: Array
    contacts: Array
    times: Array
    meta: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The job is over without a result.

    `text` is for people; `field` names the bad field of the request.

    Codes: `version`, `invalid` (the request), `cancelled`, `unknown_model`, `crashed` (the worker),
    `busy`.
    """

    job_id: str
    code: str
    text: str
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Pong:
    job_id: str


Request = Hello | Lift | Cancel | Ping
Reply = Welcome | Accepted | Progress | Result | Failed | Pong
Message = Request | Reply

_TAGS: dict[str, type[Any]] = {
    "hello": Hello,
    "lift": Lift,
    "cancel": Cancel,
    "ping": Ping,
    "welcome": Welcome,
    "accepted": Accepted,
    "progress": Progress,
    "result": Result,
    "failed": Failed,
    "pong": Pong,
}
_TAG_OF = {cls: tag for tag, cls in _TAGS.items()}


def encode(message: Message) -> bytes:
    """The bytes of one message."""
    return typing.cast(
        bytes, msgpack.packb({"type": _TAG_OF[type(message)], **dataclasses.asdict(message)})
    )


def decode_request(data: bytes) -> Request:
    """Raises ProtocolError for anything that is not exactly one request."""
    return typing.cast(Request, _decode(data, typing.get_args(Request)))


def decode_reply(data: bytes) -> Reply:
    """Raises ProtocolError for anything that is not exactly one reply."""
    return typing.cast(Reply, _decode(data, typing.get_args(Reply)))


def job_id_of(data: bytes) -> str:
    """The job_id of a refused message, if it has one: so that Failed reaches its job."""
    try:
        value = msgpack.unpackb(data)
    except (ValueError, msgpack.UnpackException):
        return ""
    job_id = value.get("job_id") if isinstance(value, dict) else None
    return job_id if isinstance(job_id, str) else ""


def _decode(data: bytes, allowed: tuple[type[Any], ...]) -> Message:
    if len(data) > LARGEST_MESSAGE:
        raise ProtocolError("", f"a message of {len(data)} bytes; the limit is {LARGEST_MESSAGE}")
    try:
        value = msgpack.unpackb(data)
    except (ValueError, msgpack.UnpackException):
        raise ProtocolError("", "the message is not MessagePack") from None
    if not isinstance(value, dict):
        raise ProtocolError("", f"expected a map, got {type(value).__name__}")
    fields = typing.cast(dict[Any, Any], value)
    tag = fields.pop("type", None)
    cls = _TAGS.get(tag) if isinstance(tag, str) else None
    if cls not in allowed:
        names = ", ".join(_TAG_OF[c] for c in allowed)
        raise ProtocolError("type", f"{tag!r} is not one of {names}")
    return _read_struct(fields, cls, "")


def _read_struct(value: object, cls: type[Any], path: str) -> Any:
    if not isinstance(value, dict):
        raise ProtocolError(path, f"expected a map, got {type(value).__name__}")
    given = typing.cast(dict[Any, Any], value)
    kinds = typing.get_type_hints(cls)
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
        return _read_struct(value, typing.cast(type[Any], kind), path)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ProtocolError(path, f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
