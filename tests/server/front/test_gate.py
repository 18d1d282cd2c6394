from __future__ import annotations

from pathlib import Path

import pytest
import zmq
from retake.server.front.gate import CLIENTS, LOCAL, REMOTE, WORKER, Gate, is_loopback, read_keys
from retake.shared.errors import RetakeError
from zmq.utils.z85 import Z85CHARS

HERE, THERE = "127.0.0.1", "192.168.1.7"


@pytest.fixture(scope="module")
def keys() -> list[bytes]:
    return [zmq.curve_keypair()[0] for _ in range(3)]


def test_who_is_let_in(keys: list[bytes]) -> None:
    local, friend, stranger = keys
    with zmq.Context() as context:
        gate = Gate(context, local, [friend])
        assert gate.judge(CLIENTS, HERE, local) == LOCAL
        assert gate.judge(CLIENTS, THERE, local) is None
        assert gate.judge(CLIENTS, THERE, friend) == REMOTE
        assert gate.judge(CLIENTS, HERE, friend) == REMOTE  # as through a tunnel
        assert gate.judge(CLIENTS, HERE, stranger) is None
        assert gate.judge(WORKER, HERE, stranger) == LOCAL  # the socket's own key is the secret
        assert gate.judge(WORKER, THERE, stranger) is None
        gate.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["", "10.0.0.1", "localhost", "::2", "127.0.0.1.evil"])
def test_no_loopback(address: str) -> None:
    assert not is_loopback(address)


def test_keys_are_read_with_remarks(tmp_path: Path, keys: list[bytes]) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# the studio\n\n{keys[0].decode()} anna\n{keys[1].decode()}\n")
    assert read_keys(path) == {keys[0], keys[1]}


def test_no_key_begins_like_a_remark(tmp_path: Path) -> None:
    """The sign is a digit of Z85, but too large a one for the first place."""
    path = tmp_path / "keys"
    path.write_text("#" + "0" * 39 + "\n")
    assert read_keys(path) == frozenset()
    assert Z85CHARS.index(b"#") * 85**4 >= 2**32


@pytest.mark.parametrize("line", ["short", "ä" * 40, "'" * 40, "0" * 45])
def test_what_is_no_key_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "keys"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(RetakeError, match="no public key"):
        read_keys(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RetakeError, match="cannot be read"):
        read_keys(tmp_path / "none")
