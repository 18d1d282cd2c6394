"""What is finished is on disk: found again, in spite of crashes, full disks and foreign bytes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from retake.server.worker import journal as journal_module
from retake.server.worker.journal import Journals
from retake.shared.arrays import Floats32


def window(seed: int) -> Floats32:
    return np.random.default_rng(seed).normal(size=(2, 9, 17, 3)).astype(np.float32)


def fill(journals: Journals, key: str, count: int) -> Path:
    with journals.open(key) as journal:
        assert journal is not None
        for number in range(count):
            journal.put(number, 10 * number, window(number))
    return next(path for path in journals.folder.iterdir() if path.name == key)


def known(journals: Journals, key: str, count: int) -> list[int]:
    """Which of the windows that `fill` wrote are there, bit by bit."""
    found: list[int] = []
    with journals.open(key) as journal:
        assert journal is not None
        for number in range(count):
            clean = journal.get(number, 10 * number)
            if clean is not None:
                np.testing.assert_array_equal(clean, window(number))
                found.append(number)
        assert len(journal) == len(found)
    return found


def test_what_was_put_is_there_for_another_worker(tmp_path: Path) -> None:
    fill(Journals(tmp_path), "a", 3)
    again = Journals(tmp_path)
    assert known(again, "a", 4) == [0, 1, 2]
    with again.open("a") as journal:
        assert journal is not None
        journal.put(3, 30, window(3))
        assert journal.get(3, 31) is None
    assert known(again, "a", 4) == [0, 1, 2, 3]
    again.remove("a")
    assert known(again, "a", 4) == []


@pytest.mark.parametrize("lost", [1, 20, 25, 2000, 3690])
def test_the_torn_end_of_a_crash_is_cut_off_and_written_again(tmp_path: Path, lost: int) -> None:
    path = fill(Journals(tmp_path), "a", 3)
    os.truncate(path, path.stat().st_size - lost)
    assert known(Journals(tmp_path), "a", 3) == [0, 1]
    with Journals(tmp_path).open("a") as journal:
        assert journal is not None
        journal.put(2, 20, window(2))
    assert known(Journals(tmp_path), "a", 3) == [0, 1, 2]


@pytest.mark.parametrize("place", [0, 9, 3700, 5000])
def test_damage_ends_what_is_believed(tmp_path: Path, place: int) -> None:
    path = fill(Journals(tmp_path), "a", 3)
    data = bytearray(path.read_bytes())
    data[place] ^= 0x5A
    path.write_bytes(data)
    with Journals(tmp_path).open("a") as journal:
        assert journal is not None
        assert len(journal) < 3


def test_foreign_bytes_are_no_journal(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(50):
        (tmp_path / str(number)).write_bytes(rng.bytes(rng.integers(1, 5000)))
        with Journals(tmp_path).open(str(number)) as journal:
            assert journal is not None
            assert len(journal) == 0


def test_two_jobs_do_not_write_one_journal(tmp_path: Path) -> None:
    journals = Journals(tmp_path)
    with journals.open("a") as one, journals.open("a") as two, journals.open("b") as three:
        assert one is not None
        assert two is None
        assert three is not None
    with journals.open("a") as again:
        assert again is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_full_disk_costs_what_comes_later(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journals(tmp_path).open("a") as journal:
        assert journal is not None
        journal.put(0, 0, window(0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
        try:
            journal.put(1, 10, window(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        journal.put(2, 20, window(2))
        assert not journal.is_whole
    assert known(Journals(tmp_path), "a", 3) == [0]


def test_what_another_job_still_writes_to_is_not_removed(tmp_path: Path) -> None:
    journals = Journals(tmp_path)
    with journals.open("a") as journal:
        assert journal is not None
        journal.put(0, 0, window(0))
        with journals.open("a") as second:
            assert second is None
        journals.remove("a")
        assert known(Journals(tmp_path), "a", 1) == [0]
    journals.remove("a")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MOST_BYTES_EACH", 8000)
    fill(Journals(tmp_path), "a", 5)
    assert known(Journals(tmp_path), "a", 5) == [0, 1]


def test_old_journals_go(tmp_path: Path) -> None:
    path = fill(Journals(tmp_path), "old", 1)
    os.utime(path, (time.time() - 90_000, time.time() - 90_000))
    fill(Journals(tmp_path), "new", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_that_cannot_be_made_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Journals(tmp_path / "file" / "more").open("a") as journal:
        assert journal is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_reads_them(tmp_path: Path) -> None:
    path = fill(Journals(tmp_path / "j"), "a", 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
