"""The lock of the one server: held by one at a time, and honest about files it cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest
from retake.server.lock import sole_holder
from retake.shared.errors import RetakeError


def test_only_one_holds_it_and_the_next_one_after_that(tmp_path: Path) -> None:
    path = tmp_path / "server.lock"
    with sole_holder(path) as first, sole_holder(path) as second:
        assert (first, second) == (True, False)
    with sole_holder(path) as third:
        assert third


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(RetakeError, match=r"server\.lock cannot be used: .*RETAKE_RUNTIME_DIR"),
        sole_holder(tmp_path / "none" / "server.lock"),
    ):
        pass


def test_an_error_inside_the_block_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), sole_holder(tmp_path / "server.lock"):
        raise PermissionError
