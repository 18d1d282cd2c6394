from __future__ import annotations

import random
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any, cast

import msgpack  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest
from retake.shared import protocol
from retake.shared.keypoints import MOST_FRAMES
from retake.shared.protocol import (
    Accepted,
    Array,
    Bye,
    Cancel,
    Deliver,
    Detect,
    Failed,
    Hello,
    Kept,
    Lift,
    Message,
    Partial,
    Pin,
    Ping,
    Pong,
    Progress,
    ProtocolError,
    Received,
    Result,
    Span,
    Steer,
    Stop,
    Take,
    Track,
    Welcome,
    decode_reply,
    decode_request,
    encode,
    job_id_of,
)

NUMBERS = Array.pack(np.arange(6, dtype=np.float32).reshape(2, 3))
LIFT = Lift(
    job_id="j",
    points=NUMBERS,
    confidence=NUMBERS,
    times=Array.pack(np.array([0.0, 0.5])),
    width=640,
    height=480,
    fps=30.0,
    source="übung",
    model="small",
    hypotheses=5,
    iterations=5,
    seed=0,
)
STEER = Steer(
    lengths=[None, 0.45],
    pins=[Pin(joint=3, frame=8, space="camera", place=[0.0, 1.5, 3.0])],
    range=Span(first=2, last=9, groups=["left_arm"]),
)
REQUESTS: list[protocol.Request] = [
    Hello(job_id="j", protocol_version=1, package_version="0.1.0"),
    LIFT,
    Hello(job_id="j", protocol_version=1, package_version="0.1.0", pid=7, start="123 boot"),
    replace(LIFT, focal=800.0),
    replace(LIFT, batch=True, clip="shot 12", by_file=True),
    replace(LIFT, steer=STEER, take=Take(poses=NUMBERS, root=NUMBERS)),
    Detect(job_id="j", path="/tmp/a video.mp4"),
    Cancel(job_id="j"),
    Received(job_id="j"),
    Deliver(job_id="j"),
    Ping(job_id="j"),
    Stop(job_id="j"),
]
REPLIES: list[protocol.Reply] = [
    Welcome(job_id="j", protocol_version=1, package_version="0", device="cpu", models=["a", "b"]),
    Accepted(job_id="j", ahead=2),
    Progress(job_id="j", stage="sampling", done=1, total=7),
    Progress(job_id="j", stage="sampling", done=1, total=7, seconds_left=2.5),
    Progress(job_id="j", stage="waiting", done=0, total=0, ahead=3),
    Progress(job_id="j", stage="sampling", done=1, total=7, frames_done=50, frames=900),
    Track(
        job_id="j",
        points=NUMBERS,
        confidence=NUMBERS,
        times=NUMBERS,
        width=640,
        height=480,
        fps=25.0,
        source="a video",
    ),
    Track(
        job_id="j",
        points=NUMBERS,
        confidence=NUMBERS,
        times=NUMBERS,
        width=640,
        height=480,
        fps=25.0,
        source="a video",
        extra_points=NUMBERS,
        extra_names=["left toe"],
        extra_confidence=NUMBERS,
    ),
    Result(
        job_id="j",
        poses=NUMBERS,
        root=NUMBERS,
        weights=NUMBERS,
        spread=NUMBERS,
        contacts=NUMBERS,
        times=NUMBERS,
        meta="{}",
    ),
    Partial(job_id="j", first=50, poses=NUMBERS),
    Kept(job_id="j", digest="00ff"),
    Kept(job_id="j", digest="00ff", folder="/results"),
    Failed(job_id="j", code="invalid", text="no", field="points"),
    Failed(job_id="j", code="busy", text="no"),
    Failed(
        job_id="j",
        code="cancelled",
        text="Cancelled.",
        detail="more",
        action="continue",
        frames_done=412,
        frames=900,
    ),
    Pong(job_id="j"),
    Pong(job_id="j", state="starting", text="loading", device="cpu", jobs=2, clients=1),
    Bye(job_id="", text="The server was stopped."),
]


def pack(value: object) -> bytes:
    return cast(bytes, msgpack.packb(value))  # pyright: ignore[reportUnknownMemberType]


def packed(**fields: Any) -> bytes:
    return pack(fields)


def name_of(message: Message) -> str:
    return type(message).__name__


@pytest.mark.parametrize("request_", REQUESTS, ids=name_of)
def test_every_request_survives_the_wire(request_: protocol.Request) -> None:
    assert decode_request(encode(request_)) == request_


@pytest.mark.parametrize("reply", REPLIES, ids=name_of)
def test_every_reply_survives_the_wire(reply: protocol.Reply) -> None:
    assert decode_reply(encode(reply)) == reply


def without_defaults(value: object) -> object:
    if isinstance(value, list):
        return [without_defaults(item) for item in cast(list[object], value)]
    if not is_dataclass(value):
        return value
    said = [(f, getattr(value, f.name)) for f in fields(value)]
    return {f.name: without_defaults(v) for f, v in said if v != f.default}


@pytest.mark.parametrize("message", [*REQUESTS, *REPLIES], ids=name_of)
def test_a_message_is_its_fields_without_those_that_have_their_defaults(message: Message) -> None:
    value = msgpack.unpackb(encode(message))  # pyright: ignore
    assert value.pop("type") == name_of(message).lower()
    assert value == without_defaults(message)


@pytest.mark.parametrize("length", [0, 255, 256, 65_535, 65_536])
def test_arrays_of_all_sizes_are_written_as_messagepack_does(length: int) -> None:
    message = Partial(job_id="j", first=0, poses=Array.pack(np.zeros(length, np.uint8)))
    plain = {"type": "partial", "job_id": "j", "first": 0, "poses": asdict(message.poses)}
    assert encode(message) == pack(plain)


def test_who_knows_no_later_fields_can_read_that_the_versions_differ() -> None:
    """`docs/protocol.md` promises it of all versions: these are the first one's fields."""
    failed = Failed(job_id="j", code="version", text="Update.", field="protocol_version")
    value = msgpack.unpackb(encode(failed))  # pyright: ignore
    assert set(value) == {"type", "job_id", "code", "text", "field"}


def test_the_lists_above_name_every_message() -> None:
    kinds = {type(message) for message in [*REQUESTS, *REPLIES]}
    assert kinds == set(protocol.Request.__args__) | set(protocol.Reply.__args__)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", "?", ">f4", ">i4"])
@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (2, 3, 4)])
def test_arrays_survive_the_wire(dtype: str, shape: tuple[int, ...]) -> None:
    values = (np.random.default_rng(0).random(shape) < 0.5).astype(dtype)
    back = Array.pack(values).unpack("field")
    np.testing.assert_array_equal(back, values)
    assert back.shape == values.shape
    assert back.flags.writeable


def test_a_view_is_written_as_its_copy_is() -> None:
    whole = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    for values in (whole, whole[:, ::2], whole[:, :0], whole.T, whole.astype(">f4")):
        sent = [
            protocol.encode(protocol.Partial(job_id="a", first=0, poses=poses))
            for poses in (Array.view(values), Array.pack(values))
        ]
        assert sent[0] == sent[1]
    shared = Array.view(whole)
    whole[0, 0, 0] = 7
    assert shared == Array.pack(whole)  # no copy was made


def test_strided_arrays_survive_the_wire() -> None:
    values = np.arange(24, dtype=np.float64).reshape(2, 3, 4).T[::2]
    np.testing.assert_array_equal(Array.pack(values).unpack("field"), values)


@pytest.mark.parametrize("dtype", ["f2", "i8", "c8", "U3", "O"])
def test_foreign_dtypes_do_not_travel(dtype: str) -> None:
    with pytest.raises(TypeError, match="travel"):
        Array.pack(np.zeros(3, dtype))


@pytest.mark.parametrize(
    ("array", "field"),
    [
        (Array(dtype="|O", shape=[1], data=bytes(8)), "a.dtype"),
        (Array(dtype="<f4", shape=[3], data=bytes(8)), "a.data"),
        (Array(dtype="<f4", shape=[-1], data=bytes(8)), "a.shape"),
        (Array(dtype="<f4", shape=[-1, -2], data=bytes(8)), "a.shape"),
        (Array(dtype="<f4", shape=[0, 2**63], data=b""), "a.shape"),
        (Array(dtype="<f4", shape=[1] * 100, data=bytes(4)), "a.shape"),
    ],
)
def test_arrays_that_contradict_themselves_are_refused(array: Array, field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        array.unpack("a")
    assert caught.value.field == field


REJECTED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", ""),
    "not MessagePack": (b"\xc1", ""),
    "two messages": (encode(Ping(job_id="a")) * 2, ""),
    "cut off": (encode(Ping(job_id="a"))[:-1], ""),
    "a list": (pack(["ping"]), ""),
    "a number": (pack(1), ""),
    "no type": (packed(job_id="a"), "type"),
    "an unknown type": (packed(type="dance", job_id="a"), "type"),
    "a type that is no text": (packed(type=[1], job_id="a"), "type"),
    "a reply": (encode(Pong(job_id="a")), "type"),
    "a missing field": (packed(type="ping"), "job_id"),
    "an unknown field": (packed(type="ping", job_id="a", more=1), "more"),
    "a number for a text": (packed(type="ping", job_id=1), "job_id"),
    "bytes for a text": (packed(type="ping", job_id=b"a"), "job_id"),
    "a text for a number": (
        packed(type="hello", job_id="a", protocol_version="1", package_version="0"),
        "protocol_version",
    ),
    "a truth value for a number": (
        packed(type="hello", job_id="a", protocol_version=True, package_version="0"),
        "protocol_version",
    ),
    "a fraction for a whole number": (
        packed(type="lift", **asdict(LIFT) | {"seed": 1.5}),
        "seed",
    ),
    "nothing for a number": (packed(type="lift", **asdict(LIFT) | {"fps": None}), "fps"),
    "a list for an array": (packed(type="lift", **asdict(LIFT) | {"points": [1.0]}), "points"),
    "an array without its bytes": (
        packed(type="lift", **asdict(LIFT) | {"points": {"dtype": "<f4", "shape": [1]}}),
        "points.data",
    ),
    "a shape of texts": (
        packed(type="lift", **asdict(LIFT) | {"times": asdict(NUMBERS) | {"shape": [2, "3"]}}),
        "times.shape[1]",
    ),
}


@pytest.mark.parametrize(("data", "field"), REJECTED.values(), ids=REJECTED.keys())
def test_what_is_no_request_is_refused_by_name(data: bytes, field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_request(data)
    assert caught.value.field == field
    assert field in str(caught.value)


def test_a_request_is_no_reply() -> None:
    with pytest.raises(ProtocolError, match="type"):
        decode_reply(encode(Ping(job_id="a")))


def test_what_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(LIFT)
    monkeypatch.setattr(protocol, "LARGEST_MESSAGE", len(data))
    decode_request(data)
    monkeypatch.setattr(protocol, "LARGEST_MESSAGE", len(data) - 1)
    with pytest.raises(ProtocolError, match="limit"):
        decode_request(data)


def test_a_request_has_a_smaller_limit_than_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(LIFT)
    monkeypatch.setattr(protocol, "LARGEST_REQUEST", len(data))
    decode_request(data)
    monkeypatch.setattr(protocol, "LARGEST_REQUEST", len(data) - 1)
    with pytest.raises(ProtocolError, match="limit"):
        decode_request(data)


def test_the_longest_track_fits_into_a_request() -> None:
    points = Array.pack(np.zeros((MOST_FRAMES, 17, 2), np.float32))
    confidence = Array.pack(np.zeros((MOST_FRAMES, 17), np.float32))
    times = Array.pack(np.zeros(MOST_FRAMES))
    data = encode(replace(LIFT, points=points, confidence=confidence, times=times))
    assert isinstance(decode_request(data), Lift)


def test_a_bomb_of_brackets_is_no_message() -> None:
    """Deep nesting ends many a parser; this one refuses it."""
    for data in (b"\x91" * 10**6, b"\x81\xa1a" * 10**6, b"\xdd\xff\xff\xff\xff"):
        with pytest.raises(ProtocolError):
            decode_request(data)
        assert job_id_of(data) == ""


def test_a_whole_number_serves_as_a_fraction() -> None:
    request = decode_request(packed(type="lift", **asdict(LIFT) | {"fps": 25}))
    assert isinstance(request, Lift)
    assert (request.fps, type(request.fps)) == (25.0, float)


def test_damaged_messages_raise_nothing_but_protocol_errors() -> None:
    """Whatever bytes come, one exception is enough for those who read them."""
    chance = random.Random(0)
    messages = [encode(m) for m in REQUESTS]
    refused = 0
    for _ in range(3000):
        data = bytearray(chance.choice(messages))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        job_id_of(bytes(data))
        try:
            decode_request(bytes(data))
        except ProtocolError:
            refused += 1
    assert refused > 1000


def test_the_job_of_a_refused_message_is_found_where_it_has_one() -> None:
    assert job_id_of(packed(type="dance", job_id="a")) == "a"
    assert job_id_of(packed(type="dance", job_id=3)) == ""
    assert job_id_of(packed(type="dance")) == ""
    assert job_id_of(pack([1])) == ""
    assert job_id_of(b"\xc1") == ""


GOLDEN: dict[str, tuple[Message, str]] = {
    "hello": (
        Hello(job_id="1", protocol_version=1, package_version="0.1.0"),
        "84a474797065a568656c6c6fa66a6f625f6964a131b070726f746f636f6c5f76657273696f6e01"
        "af7061636b6167655f76657273696f6ea5302e312e30",
    ),
    "ping": (Ping(job_id="1"), "82a474797065a470696e67a66a6f625f6964a131"),
    "cancel": (Cancel(job_id="1"), "82a474797065a663616e63656ca66a6f625f6964a131"),
    "progress": (
        Progress(job_id="1", stage="sampling", done=1, total=7),
        "85a474797065a870726f6772657373a66a6f625f6964a131a57374616765a873616d706c696e67"
        "a4646f6e6501a5746f74616c07",
    ),
    "failed": (
        Failed(job_id="1", code="busy", text="full"),
        "84a474797065a66661696c6564a66a6f625f6964a131a4636f6465a462757379a474657874a466756c6c",
    ),
}


@pytest.mark.parametrize(("message", "golden"), GOLDEN.values(), ids=GOLDEN.keys())
def test_the_bytes_on_the_wire_do_not_change_by_accident(message: Message, golden: str) -> None:
    assert encode(message).hex() == golden


def test_the_bytes_of_an_array_do_not_change_by_accident() -> None:
    array = Array.pack(np.array([[1, -2]], np.float32))
    assert pack(asdict(array)).hex() == (
        "83a56474797065a33c6634a57368617065920102a464617461c4080000803f000000c0"
    )
