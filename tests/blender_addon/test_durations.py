"""Callbacks of Blender are measured, all of them, and the longest is known."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from retake.blender_addon import durations

ADDON = Path(durations.__file__).parent


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    durations.forget()
    yield
    durations.forget()


def test_work_and_waiting_are_told_apart() -> None:
    @durations.timed
    def waits() -> int:
        time.sleep(0.05)
        return 3

    assert waits() == 3
    ((name, calls),) = durations.last_calls.items()
    assert name.endswith("waits")
    assert calls[0].wall >= 0.05
    assert calls[0].processor < 0.04
    assert durations.longest_s[name] == calls[0].wall


def test_a_callback_that_fails_is_measured_too() -> None:
    @durations.timed
    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fails()
    assert len(durations.longest_s) == 1


def test_every_timer_and_handler_is_measured() -> None:
    """What Blender is told to call is decorated where it is defined."""
    unmeasured: list[str] = []
    for file in ADDON.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        unmeasured += [
            f"{file.name}: {name}"
            for name in _given(tree)
            if name in functions and not _is_timed(functions[name])
        ]
    assert unmeasured == []


def _given(tree: ast.AST) -> Iterator[str]:
    """Names of functions that are given to a timer or as a draw callback, or are persistent."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_timer = node.func.attr == "register" and ast.unparse(node.func).endswith(
                "timers.register"
            )
            if (is_timer or node.func.attr == "draw_handler_add") and node.args:
                yield ast.unparse(node.args[0])
        if isinstance(node, ast.FunctionDef) and "persistent" in _decorators(node):
            yield node.name


def _decorators(function: ast.FunctionDef) -> str:
    return " ".join(ast.unparse(each) for each in function.decorator_list)


def _is_timed(function: ast.FunctionDef) -> bool:
    return "timed" in _decorators(function)
