"""Names of takes in the interface's language: "Right elbow bent at 1.3 s, left hand lower".

`shared.choosing` gives them in English, and so they are kept; only what is drawn is translated.
Knows no Blender.
"""

from __future__ import annotations

import re

from ..forms import LookUp, in_language

PHRASE = re.compile(
    r"(?P<what>.+?)(?:: (?P<rank>\d+) of (?P<count>\d+))?(?: at (?P<seconds>\d+\.\d) s)?"
    r"(?P<number> \(\d+\))?"
)
LIMB = re.compile(r"(?P<limb>(?:left|right) (?:hand|elbow|arm|knee|leg|foot)) (?P<how>.+)", re.I)


def name_in(look_up: LookUp, name: str) -> str:
    """The name of a take as the language of `look_up` says it."""
    phrases = ", ".join(_phrase_in(look_up, phrase) for phrase in name.split(", "))
    return phrases[:1].upper() + phrases[1:] if name[:1].isupper() else phrases


def _phrase_in(look_up: LookUp, phrase: str) -> str:
    found = PHRASE.fullmatch(phrase)
    if found is None:
        return phrase
    said = _words_in(look_up, found["what"])
    if found["rank"]:
        said = look_up("{what}: {rank} of {count}").format(**(found.groupdict() | {"what": said}))
    if found["seconds"]:
        said = look_up("{what} at {seconds} s").format(what=said, seconds=found["seconds"])
    return said + (found["number"] or "")


def _words_in(look_up: LookUp, words: str) -> str:
    """A limb and how it is; the trunk and the head have phrases of their own."""
    limb = LIMB.fullmatch(words)
    if limb:
        return f"{look_up(limb['limb'].lower())} {look_up(limb['how'])}"
    told = in_language(words, look_up)
    return told if told != words else look_up(words[:1].lower() + words[1:])
