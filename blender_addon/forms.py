"""Sentences with values in them, in the interface's language. Knows no Blender.

Errors and failures come as whole English sentences from parts that know no languages: "There is no
file shot.npz." The tables of translations hold their forms: "There is no file {path}." Here the
form of a sentence is found again, and its values with it, so that whoever raises an error need not
know who reads it.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from .german import GERMAN

LookUp = Callable[[str], str]
"""A text to what it is in the interface's language; itself, if that has none for it."""

FEWEST_LETTERS = 4
"""A form with less of its own would be found in anything."""

LISTED = ("; ", ", ")
"""What stands between values that are several."""

OWN_WORDS = ("name", "path", "bones")
"""What values are called in forms that are never translated; nor are those in quotation marks."""


@dataclass(frozen=True)
class Form:
    """A text with named places for values; `pieces` stand before, between and after them."""

    text: str
    pieces: tuple[str, ...]
    names: tuple[str, ...]

    @staticmethod
    def of(text: str) -> Form:
        """Places without a name are called by their number."""
        pieces, names = [""], []
        for literal, name, _, _ in string.Formatter().parse(text):
            pieces[-1] += literal
            if name is not None:
                names.append(name or str(len(names)))
                pieces.append("")
        return Form(text, tuple(pieces), tuple(names))

    @property
    def letters(self) -> int:
        return sum(map(str.isalpha, "".join(self.pieces)))

    def is_own_word(self, place: int) -> bool:
        """Whether the value there is somebody's name for something: a bone may be called Left."""
        return self.names[place] in OWN_WORDS or self.pieces[place].endswith("'")

    def values_in(self, text: str) -> list[str] | None:
        """What stands between the pieces; None if they are not in `text` in this order.

        Sought from the end on, so that the first value is the longest: it is a path or a sentence.
        """
        first, last = self.pieces[0], self.pieces[-1]
        end = len(text) - len(last)
        if end < len(first) or not (text.startswith(first) and text.endswith(last)):
            return None
        values: list[str] = []
        for piece in reversed(self.pieces[1:-1]):
            begin = text.rfind(piece, len(first), end)
            if begin < 0:
                return None
            values.append(text[begin + len(piece) : end])
            end = begin
        return [text[len(first) : end], *reversed(values)]

    def filled(self, values: dict[str, str]) -> str:
        """With values in the places of these names."""
        parts = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            parts += [values[name], piece]
        return "".join(parts)


def in_language(text: str, look_up: LookUp) -> str:
    """`text`, which is in the tables or made from one of their forms; else as it is."""
    known = look_up(text)
    found = form_of(text) if known == text else None
    if found is None:
        return known
    form, values = found
    told = look_up(form.text)
    if told == form.text:
        return text
    said = [v if form.is_own_word(i) else _value(v, look_up) for i, v in enumerate(values)]
    return Form.of(told).filled(dict(zip(form.names, said, strict=True)))


def _value(text: str, look_up: LookUp) -> str:
    """A value that is a sentence, or words of ours: "left arm, right hand". The rest stays."""
    if text in GERMAN or form_of(text):
        return in_language(text, look_up)
    for between in LISTED:
        if between in text:
            return between.join(_value(part, look_up) for part in text.split(between))
    return look_up(_known_words()[text]) if text in _known_words() else text


@cache
def _known_words() -> dict[str, str]:
    """Texts of the interface as they are written within a sentence: "left hand"."""
    return {text.lower(): text for text in GERMAN}


@lru_cache(maxsize=256)
def form_of(text: str) -> tuple[Form, list[str]] | None:
    """The form that says most of `text` by itself, and the values that `text` has there."""
    for form in forms():
        values = form.values_in(text)
        if values is not None:
            return form, values
    return None


@cache
def forms() -> list[Form]:
    """All forms of the tables, those with most letters of their own first.

    Before them come those that go on from another sentence, which may end with a value.
    """
    found = [Form.of(text) for text in GERMAN if "{" in text]
    enough = [form for form in found if form.names and form.letters >= FEWEST_LETTERS]
    return sorted(enough, key=lambda form: (form.names[0] != "sentence", -form.letters))
