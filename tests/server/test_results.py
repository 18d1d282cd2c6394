from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest
from retake.server import results as results_module
from retake.server.results import Results, digest_of


@contextmanager
def disk_full_after(size: int) -> Generator[None]:
    """The system refuses to write files any longer, as it does when the disk is full."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_was_put_is_there_also_for_another_server(tmp_path: Path) -> None:
    assert Results(tmp_path / "r").put("a", [b"takes"])
    assert Results(tmp_path / "r").get("a") == b"takes"
    assert Results(tmp_path / "r").get("b") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_reads_them(tmp_path: Path) -> None:
    Results(tmp_path / "r").put("a", [b"takes"])
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "r" / "a").stat().st_mode & 0o777 == 0o600


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    results = Results(tmp_path, most_bytes=100)
    for age, name in ((30, "old"), (20, "older than new"), (10, "new")):
        results.put(name, [bytes(30)])
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    results.put("newest", [bytes(30)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "newest", "older than new"]


def test_a_day_later_they_are_gone(tmp_path: Path) -> None:
    results = Results(tmp_path, longest_s=60)
    results.put("a", [b"takes"])
    os.utime(tmp_path / "a", (time.time() - 61, time.time() - 61))
    assert results.get("a") is None
    assert list(tmp_path.iterdir()) == []


def test_old_ones_go_when_a_server_starts(tmp_path: Path) -> None:
    results = Results(tmp_path / "none yet")
    results.tidy()
    results = Results(tmp_path, longest_s=60)
    results.put("old", [b"takes"])
    os.utime(tmp_path / "old", (time.time() - 61, time.time() - 61))
    results.put("new", [b"takes"])
    os.utime(tmp_path / "new", (time.time() - 30, time.time() - 30))
    results.tidy()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_clock_that_jumps_back_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = Results(tmp_path, longest_s=60)
    results.put("a", [b"takes"])
    now = time.time()
    monkeypatch.setattr(results_module.time, "time", lambda: now - 1e6)
    assert results.get("a") == b"takes"
    assert results.put("b", [b"takes"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_full_disk_costs_the_memory_only(tmp_path: Path) -> None:
    results = Results(tmp_path)
    with disk_full_after(100):
        assert not results.put("a", [bytes(60), bytes(60)])
    assert list(tmp_path.iterdir()) == []
    assert results.put("a", [b"takes"])


def test_a_folder_that_cannot_be_made_costs_the_memory_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    results = Results(tmp_path / "file" / "results")
    assert not results.put("a", [b"takes"])
    assert results.get("a") is None


def test_other_weights_are_another_request(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"one")
    before = digest_of(b"request", weights)
    assert before == digest_of(b"request", weights)
    assert before != digest_of(b"another", weights)
    weights.write_bytes(b"other")
    assert before != digest_of(b"request", weights)


def test_who_waits_for_an_outcome_gets_it_whatever_the_clock_says(tmp_path: Path) -> None:
    results = Results(tmp_path, longest_s=60)
    results.put("a", [b"takes"])
    os.utime(tmp_path / "a", (0, 0))
    assert results.get("a", any_age=True) == b"takes"
    assert results.get("a") is None


# In memory


def test_an_outcome_is_in_memory_until_it_is_on_disk(tmp_path: Path, memory: Path) -> None:
    results = Results(tmp_path / "disk", near=memory / "near")
    assert results.hand_over("a", [b"ta", b"kes"])
    results.let_go(lambda digest: False)
    assert results.folder_of("a") == memory / "near"
    assert results.get("a") == b"takes"
    assert (memory / "near").stat().st_mode & 0o777 == 0o700
    assert (memory / "near" / "a").stat().st_mode & 0o777 == 0o600
    assert results.put("a", [b"takes"])
    results.let_go(lambda digest: digest == "a")  # somebody still reads it
    assert results.folder_of("a") == memory / "near"
    results.let_go(lambda digest: False)
    assert results.folder_of("a") == tmp_path / "disk"
    assert results.get("a") == b"takes"
    assert list((memory / "near").iterdir()) == []


def test_a_disk_that_takes_nothing_does_not_fill_the_memory(tmp_path: Path, memory: Path) -> None:
    results = Results(tmp_path, near=memory / "near")
    assert results.hand_over("a", [b"takes"])
    os.utime(memory / "near" / "a", (time.time() - 3, time.time() - 3))
    results.let_go(lambda digest: False)
    assert results.get("a") is None


def test_what_nobody_has_fetched_goes_from_memory(tmp_path: Path, memory: Path) -> None:
    results = Results(tmp_path, near=memory / "near")
    assert results.hand_over("a", [b"takes"])
    os.utime(memory / "near" / "a", (time.time() - 599, time.time() - 599))
    results.let_go(lambda digest: True)
    assert results.folder_of("a") == memory / "near"
    os.utime(memory / "near" / "a", (time.time() - 601, time.time() - 601))
    results.let_go(lambda digest: True)
    assert list((memory / "near").iterdir()) == []


def test_a_server_that_ends_leaves_nothing_in_memory(tmp_path: Path, memory: Path) -> None:
    results = Results(tmp_path, near=memory / "near")
    assert results.hand_over("a", [b"takes"])
    results.close()
    assert list(memory.iterdir()) == []
    results.close()


def test_too_little_memory_leaves_the_disk(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = Results(tmp_path, near=memory / "near")
    monkeypatch.setattr(results_module.shutil, "disk_usage", Mock(return_value=Mock(free=100)))
    assert not results.hand_over("a", [bytes(51)])
    assert results.hand_over("a", [bytes(50)])


def test_what_is_in_memory_does_not_give_way_to_what_comes(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_module, "MOST_IN_MEMORY", 100)
    results = Results(tmp_path, near=memory / "near")
    assert results.hand_over("a", [bytes(60)])
    assert not results.hand_over("b", [bytes(41)])
    assert results.hand_over("c", [bytes(40)])
    assert sorted(path.name for path in (memory / "near").iterdir()) == ["a", "c"]


def test_a_link_in_the_runtime_folder_is_not_followed(tmp_path: Path, memory: Path) -> None:
    (memory / "documents").mkdir()
    (memory / "documents" / "letter").touch()
    os.utime(memory / "documents" / "letter", (0, 0))
    (memory / "near").symlink_to(memory / "documents")
    results = Results(tmp_path, near=memory / "near")
    assert not results.hand_over("a", [b"takes"])
    results.let_go(lambda digest: False)
    results.close()
    assert [path.name for path in (memory / "documents").iterdir()] == ["letter"]


def test_a_file_system_that_has_gone_ends_nothing(tmp_path: Path, memory: Path) -> None:
    impossible = tmp_path / ("x" * 300)  # another error than that there is nothing
    results = Results(impossible, near=memory / "near")
    (memory / "near").mkdir()
    (memory / "near" / "a").touch()
    results.let_go(lambda digest: False)
    assert results.folder_of("a") == memory / "near"
    assert Results(tmp_path, near=impossible).folder_of("a") == tmp_path


def test_a_file_that_goes_while_one_looks_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")  # listed, and not there
    results = Results(tmp_path, most_bytes=10)
    assert results.put("a", [bytes(6)])
    assert results.put("b", [bytes(6)])
    assert (results.get("a"), results.get("b")) == (None, bytes(6))


def test_one_folder_for_everything_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RETAKE_RUNTIME_DIR", "RETAKE_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    results = Results()
    assert results.put("a", [b"takes"])
    results.let_go(lambda digest: False)
    results.close()
    assert Results().get("a") == b"takes"


def test_a_way_beside_the_disk_is_another_file_system(tmp_path: Path) -> None:
    (tmp_path / "runtime").mkdir()
    results = Results(tmp_path / "disk", near=tmp_path / "runtime" / "near")
    assert not results.hand_over("a", [b"takes"])
    assert list((tmp_path / "runtime").iterdir()) == []
