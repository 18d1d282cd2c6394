"""Outcomes in files: what comes back, that nothing is copied, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.shared.errors import RetakeError
from retake.shared.kept_file import mapped, outcome_in, parts_of, read_kept
from retake.shared.protocol import Array, Kept, Ping, ProtocolError, Result, Track, encode

DIGEST = "0f" * 32


@pytest.fixture
def result() -> Result:
    values = np.random.default_rng(0).normal(size=(2, 9, 17, 3)).astype(np.float32)
    return Result(
        job_id="one",
        poses=Array.view(values),
        root=Array.view(values[:, :, 0].copy()),
        weights=Array.pack(np.ones(2, np.float32)),
        spread=Array.pack(np.zeros((0, 17), np.float32)),
        contacts=Array.pack(np.zeros((9, 4), np.float32)),
        times=Array.pack(np.arange(9) / 50),
        meta="{}" * 100,
    )


TRACK = Track(
    job_id="one",
    points=Array.pack(np.zeros((3, 17, 2), np.float32)),
    confidence=Array.pack(np.ones((3, 17), np.float32)),
    times=Array.pack(np.arange(3) / 25),
    width=640,
    height=480,
    fps=25.0,
    source="a video",
)


def content_of(outcome: Result | Track) -> bytes:
    return b"".join(parts_of(outcome))


def result_in(content: bytes | bytearray) -> Result:
    found = outcome_in(memoryview(content))
    assert isinstance(found, Result)
    return found


def test_an_outcome_comes_back_as_it_was(result: Result) -> None:
    extra = Array.pack(np.full((3, 2, 2), np.nan, np.float32))
    more = replace(TRACK, extra_points=extra, extra_names=["nose", "toe"])
    for outcome in (result, TRACK, more):
        back = outcome_in(memoryview(content_of(outcome)))
        assert back == outcome
        assert encode(back) == encode(outcome)


def test_arrays_are_copied_neither_into_the_file_nor_out_of_it(result: Result) -> None:
    assert any(part is result.poses.data for part in parts_of(result))
    content = bytearray(content_of(result))
    back = result_in(content)
    before = back.poses.unpack("poses")
    content[:] = bytes(len(content))
    assert not back.poses.unpack("poses").any()
    np.testing.assert_array_equal(before, result.poses.unpack("poses"))  # this one is its own


def test_every_array_can_be_used_where_it_lies(result: Result) -> None:
    content = content_of(result)
    start = np.frombuffer(content, np.uint8).ctypes.data
    back = result_in(content)
    for array in (back.poses, back.weights, back.times):
        assert (np.frombuffer(array.data, np.uint8).ctypes.data - start) % 64 == 0


def test_a_file_that_is_cut_off_is_refused(result: Result) -> None:
    content = content_of(result)
    whole = len(content) - 64  # an array of times ends in the last part, which is filled up
    for length in [*range(0, 2000, 7), *range(2000, whole, 997)]:
        with pytest.raises(ProtocolError):
            outcome_in(memoryview(content[:length]))


def test_damage_ends_in_an_error_or_in_other_numbers(result: Result) -> None:
    content, chance = content_of(result), np.random.default_rng(1)
    refused = 0
    for _ in range(2000):
        damaged = bytearray(content)
        damaged[chance.integers(0, 1500)] = chance.integers(0, 256)
        try:
            result_in(damaged).poses.unpack("poses")
        except ProtocolError:
            refused += 1
    assert refused > 500


def test_another_message_is_no_outcome() -> None:
    message = encode(Kept(job_id="one", digest=DIGEST))
    for content in (message, len(message).to_bytes(8, "little") + message, b"\xff" * 100):
        with pytest.raises(ProtocolError):
            outcome_in(memoryview(content))
    with pytest.raises(ProtocolError):  # its arrays' bytes are no places
        outcome_in(memoryview(len(m := encode(TRACK)).to_bytes(8, "little") + m))


def test_what_is_read_stays_when_the_file_goes(result: Result, tmp_path: Path) -> None:
    (tmp_path / DIGEST).write_bytes(content_of(result))
    back = read_kept(Kept(job_id="one", digest=DIGEST, folder=str(tmp_path)))
    (tmp_path / DIGEST).unlink()
    assert back == result


def test_a_file_of_another_job_or_of_none_is_named(result: Result, tmp_path: Path) -> None:
    path = tmp_path / DIGEST
    kept = Kept(job_id="two", digest=DIGEST, folder=str(tmp_path))
    for content in (content_of(result), b"", encode(Ping(job_id="two"))):
        path.write_bytes(content)
        with pytest.raises(RetakeError):
            read_kept(kept)
    path.unlink()
    with pytest.raises(RetakeError, match="cannot be read"):
        read_kept(kept)
    with pytest.raises(FileNotFoundError):
        mapped(path)
