"""What a row of takes says in little room."""

from __future__ import annotations

from retake.blender_addon.takes.rows import without_moments


def test_names_lose_their_moments_where_they_differ_without() -> None:
    long = ("Left hand close to body at 1.1 s", "Left hand away from body at 1.1 s", "Take 7")
    assert without_moments(long) == (
        "Left hand close to body",
        "Left hand away from body",
        "Take 7",
    )
    two = ("Right foot behind at 0.5 s", "Right foot behind at 1.5 s")
    assert without_moments(two) == two
