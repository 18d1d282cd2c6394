"""The wire between client and server: messages, encoding, strict decoding.

MessagePack in one ZeroMQ frame. A message is a map with a `type` and the fields of one frozen
dataclass below. Nothing is used before `decode` has accepted it: unknown or missing fields and
wrong types raise `ProtocolError`, which names the path of the bad field. Both ends ship together:
unequal `PROTOCOL_VERSION`s refuse each other; within a version fields are only added, with
defaults, and a field that has its default is left out. `docs/protocol.md` is the prose.
"""

from __future__ import annotations

import dataclasses
import functools
import struct
import typing
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

from .arrays import AnyArray
from .strict import ProtocolError, read_struct

PROTOCOL_VERSION = 4

LARGEST_MESSAGE = 256 * 2**20
"""Bytes. A message above this is refused unread."""

LARGEST_REQUEST = 32 * 2**20
"""Bytes. The longest track needs 21 million; only answers are larger."""

ACTIONS = ("", "continue", "retry", "smaller", "correct", "choose_model", "diagnose")
"""What a client can offer after Failed: go on from what is kept, ask again, ask for less, correct
the field, choose another model, read the diagnosis (`retake doctor`)."""

DTYPES = ("<f4", "<f8", "<i4", "|u1", "|b1")


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

    @staticmethod
    def view(values: AnyArray) -> Array:
        """As `pack`, but not copied: `values` must not change before the message is written."""
        if not values.flags.c_contiguous or not values.size or values.dtype.str not in DTYPES:
            return Array.pack(values)
        data = typing.cast(bytes, values.data.cast("B"))
        return Array(dtype=values.dtype.str, shape=list(values.shape), data=data)

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
    """First message of a client. Answered by Welcome, or by Failed if the versions differ.

    `pid` and `start` (`shared.processes`) name the client's process: a server started by the add-on
    ends when the last one named is gone. pid 0 names none.
    """

    job_id: str
    protocol_version: int
    package_version: str
    pid: int = 0
    start: str = ""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """`shared.steering.PinnedJoint`: a joint that stays where it is put at one frame."""

    joint: int
    frame: int
    space: str
    place: list[float]


@dataclass(frozen=True, kw_only=True)
class Span:
    """`shared.steering.Range`: frames and limb groups that alone may change."""

    first: int
    last: int
    groups: list[str] | None = None
    strength: float = 0.4
    blend: int = 6


@dataclass(frozen=True, kw_only=True)
class Steer:
    """`shared.steering.Steering`: what is known or wanted of a motion. The default is nothing.

    `lengths`: metres of the bone that ends at each of the 17 joints, null where it is not known.
    """

    lengths: list[float | None] | None = None
    pins: list[Pin] | None = None
    range: Span | None = None
    variety: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Take:
    """The motion that `Steer` is about: poses (F, 17, 3) and root (F, 3) as in Result."""

    poses: Array
    root: Array


@dataclass(frozen=True, kw_only=True)
class Lift:
    """Sample `hypotheses` 3D motions of one keypoint track.

    Answered by Accepted, Progress ..., Result. `batch`: it lets all jobs pass that are not. A
    `clip` that is not empty supersedes this client's older jobs for a clip of this name. `partial`:
    Partial comes whenever frames are finished. `by_file`: the outcome may come as Kept. `focal` in
    pixels, `person_height` in metres, null: guessed. `take` is what `steer` changes or pins.
    `video_sha256`: of the video the keypoints come from, if that is known.
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
    batch: bool = False
    clip: str = ""
    partial: bool = False
    by_file: bool = False
    person_height: float | None = None
    steer: Steer | None = None
    take: Take | None = None
    video_sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Detect:
    """Find one person's keypoints in the video at `path`, an absolute path of this computer.

    `place` (x, y, frame) says who is meant: pixels of the upright video, origin top left; null: the
    largest. Up to `people`, 1 to 8, are looked for at once.

    Answered by Accepted, Progress ..., Track. Only for clients of the same user and computer.
    """

    job_id: str
    path: str
    batch: bool = False
    clip: str = ""
    by_file: bool = False
    people: int = 1
    place: list[float] | None = None


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """Stop the job `job_id`. Answered, for that job, by Failed with code `cancelled`."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class Received:
    """The outcome of the job has arrived. Not answered; until then, no other outcome is sent."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class Deliver:
    """The file of Kept cannot be read here: send the outcome of the job as a message."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class Ping:
    """Is anybody there? Answered by Pong, also while a job runs."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class Stop:
    """End the server. Answered by Bye. Only for clients of the same user and computer."""

    job_id: str


# Replies: server -> client. Each repeats the job_id of its request.


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """`state` and `text` as in Pong."""

    job_id: str
    protocol_version: int
    package_version: str
    device: str
    models: list[str]
    state: str = "ready"
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The job stands in the queue behind `ahead` others."""

    job_id: str
    ahead: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """`done` of `total` parts of the whole job, equal in time as far as is known; its `stage`.

    `ahead`: how many jobs stand before this one, which waits if it is not 0. `seconds_left`: at the
    present pace; None as long as there is none. `frames_done` of the clip's `frames` are sampled to
    the end; they are kept if the job is cancelled or the worker dies.
    """

    job_id: str
    stage: str
    done: int
    total: int
    ahead: int = 0
    seconds_left: float | None = None
    frames_done: int = 0
    frames: int = 0


@dataclass(frozen=True, kw_only=True)
class Partial:
    """Finished frames of a Lift, before it is judged and placed in space.

    `poses` (H, n, 17, 3) float32 m, root-relative, camera frame, from frame `first` on at 50 fps
    from the clip's first time. Frames may come again if memory ran out; the last ones count.
    """

    job_id: str
    first: int
    poses: Array


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
class Track:
    """The keypoints of a Detect: the fields of `keypoints.KeypointTrack`, `about` as JSON."""

    job_id: str
    points: Array
    confidence: Array
    times: Array
    width: int
    height: int
    fps: float
    source: str
    extra_points: Array | None = None
    extra_names: list[str] | None = None
    extra_confidence: Array | None = None
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The outcome is the content of the file `digest` (64 hexadecimal digits) in `folder`.

    From the worker to the front, without the folder; and to clients of the same user and computer
    that have asked with `by_file`. Encrypting a large message takes longer than all the rest.
    """

    job_id: str
    digest: str
    folder: str = ""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The job is over without a result.

    `text` is one sentence for people, `detail` what they may want to unfold or copy; `field` names
    the bad field of the request. `action` is what helps, one of `ACTIONS`, for a button; empty:
    nothing to do. `frames_done` of `frames` are kept: the same request goes on from there.

    Codes: `version`, `invalid` (the request), `cancelled`, `replaced` (by a newer request for its
    clip), `unknown_model`, `crashed` (the worker), `busy`, `refused` (not for this client),
    `memory` (too little of it), `too_long` (the time limit).
    """

    job_id: str
    code: str
    text: str
    field: str = ""
    detail: str = ""
    action: str = ""
    frames_done: int = 0
    frames: int = 0


@dataclass(frozen=True, kw_only=True)
class Pong:
    """How the server is: `state` is starting, ready, busy or failed; `text` says more, for people.

    `jobs` wait or run, of all clients; `clients` are processes that have said Hello.
    """

    job_id: str
    state: str = "ready"
    text: str = ""
    device: str = ""
    jobs: int = 0
    clients: int = 0


@dataclass(frozen=True, kw_only=True)
class Bye:
    """The server ends now; `text` says why. Goes to all clients, with an empty job_id."""

    job_id: str
    text: str


Request = Hello | Lift | Detect | Cancel | Received | Deliver | Ping | Stop
Reply = Welcome | Accepted | Progress | Partial | Result | Track | Kept | Failed | Pong | Bye
Message = Request | Reply

_TAGS: dict[str, type[Any]] = {
    "hello": Hello,
    "lift": Lift,
    "detect": Detect,
    "cancel": Cancel,
    "received": Received,
    "deliver": Deliver,
    "ping": Ping,
    "stop": Stop,
    "welcome": Welcome,
    "accepted": Accepted,
    "progress": Progress,
    "partial": Partial,
    "result": Result,
    "track": Track,
    "kept": Kept,
    "failed": Failed,
    "pong": Pong,
    "bye": Bye,
}
_TAG_OF = {cls: tag for tag, cls in _TAGS.items()}


def encode(message: Message) -> bytes:
    """The bytes of one message."""
    packer: Any = msgpack.Packer(default=_said)
    said = {"type": _TAG_OF[type(message)]} | _said(message)
    parts: list[bytes] = [packer.pack_map_header(len(said))]
    for name, value in said.items():
        parts.append(packer.pack(name))
        parts += _parts_of(packer, value) if type(value) is Array else [packer.pack(value)]
    return b"".join(parts)


def _parts_of(packer: Any, array: Array) -> list[bytes]:
    """The array as a map, its bytes not copied: the packer would do so several times."""
    said = packer.pack_map_header(3)
    said += packer.pack("dtype") + packer.pack(array.dtype)
    said += packer.pack("shape") + packer.pack(array.shape)
    return [said, packer.pack("data"), _header(len(array.data)), array.data]


def _said(message: object) -> dict[str, Any]:
    """The fields that do not have their defaults."""
    said = ((f.name, getattr(message, f.name), f.default) for f in _fields_of(type(message)))
    return {name: value for name, value, default in said if value != default}


@functools.cache
def _fields_of(cls: type[Any]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _header(length: int) -> bytes:
    """What MessagePack writes before so many bytes."""
    for mark, form, limit in ((0xC4, ">BB", 2**8), (0xC5, ">BH", 2**16)):
        if length < limit:
            return struct.pack(form, mark, length)
    return struct.pack(">BI", 0xC6, length)


def decode_request(data: bytes) -> Request:
    """Raises ProtocolError for anything that is not exactly one request."""
    if len(data) > LARGEST_REQUEST:
        raise ProtocolError("", f"a request of {len(data)} bytes; the limit is {LARGEST_REQUEST}")
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
    return read_struct(fields, cls, "")
