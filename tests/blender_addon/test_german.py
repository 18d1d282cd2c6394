"""The German table is complete: every text of the interface in the code has its translation."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import retake.blender_addon
from retake.blender_addon.german import GERMAN

ROOT = Path(retake.blender_addon.__file__).parent
FILES = [
    file
    for file in sorted(ROOT.rglob("*.py"))
    if not file.name.startswith("german") and file.parent.name != "packaging"
]

ARGUMENTS = {
    **dict.fromkeys(("told", "iface_", "rpt_", "poll_message_set", "Notice", "RetakeError"), 0),
    **dict.fromkeys(("draw_sentence", "Finding", "Button"), 1),
}
"""Function or class -> which of its arguments is a text."""

DRAWN = {"label", "operator", "prop", "progress", "menu", "popover", "operator_menu_enum"}
"""What draws a `text`."""

VARIABLES = {"form", "text", "HELP", "IN_PICTURES", "HIDDEN", "KEPT", "NOT_INSTALLED"}
"""What texts are called until they are drawn."""


def strings(node: ast.AST | None) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from (*strings(body), *strings(other))
        case ast.Dict(values=values):
            for value in values:
                yield from strings(value)
        case _:  # put together elsewhere, or no text
            pass


def texts_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield from of_class(node)
        elif isinstance(node, ast.Call):
            yield from of_call(node)
        elif isinstance(node, ast.Assign) and name_of(node) in VARIABLES:
            yield from strings(node.value)


def of_class(node: ast.ClassDef) -> Iterator[str]:
    if node.name.startswith("RETAKE_OT"):
        yield " ".join((ast.get_docstring(node) or "").split())
    for each in node.body:
        if isinstance(each, ast.Assign) and name_of(each) in ("bl_label", "bl_description"):
            yield from strings(each.value)


def name_of(node: ast.Assign) -> str:
    target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def of_call(node: ast.Call) -> Iterator[str]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    if name in ARGUMENTS:
        yield from strings(dict(enumerate(node.args)).get(ARGUMENTS[name]))
    if name.endswith("Property"):
        yield from (*strings(named.get("name")), *strings(named.get("description")))
        items = named.get("items")
        for item in items.elts if isinstance(items, ast.Tuple) else ():
            for part in item.elts[1:3] if isinstance(item, ast.Tuple) else ():
                yield from strings(part)
    elif name in DRAWN:
        yield from strings(named.get("text"))


def has_words(text: str) -> bool:
    return any(char.isalpha() for char in text)


FOUND = {text: file for file in FILES for text in texts_of(file) if has_words(text)}


def test_the_texts_are_found() -> None:
    assert len(FOUND) > 400
    assert {"Sample Takes", "Set Up Server", "Choose or load a clip first"} <= set(FOUND)


def test_every_text_is_there_in_german() -> None:
    missing = [f"{FOUND[text].relative_to(ROOT)}: {text}" for text in FOUND if text not in GERMAN]
    assert missing == []


def test_a_translation_has_the_same_parts() -> None:
    """Values that are put in: otherwise a panel would fail in one language only."""
    assert [text for text, told in GERMAN.items() if parts(text) != parts(told)] == []


def test_a_translation_is_neither_empty_nor_padded() -> None:
    assert [text for text, told in GERMAN.items() if not told or told.strip() != told] == []


def parts(text: str) -> list[tuple[str, str]]:
    """The fields with their formats; those without a name in their order."""
    found = [
        (name or "", form or "")
        for _, name, form, _ in string.Formatter().parse(text)
        if name is not None
    ]
    return found if any(not name for name, _ in found) else sorted(found)
