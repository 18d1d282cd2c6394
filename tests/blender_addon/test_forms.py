"""Sentences with values in them are found again in the tables, whoever has put them together."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import retake.blender_addon
from retake.blender_addon.forms import Form, form_of, forms, in_language
from retake.blender_addon.german import GERMAN
from retake.blender_addon.takes.wording import name_in
from retake.shared.choosing.words import qualities_of
from retake.shared.takes import LIMB_GROUPS

HOUSE = Path(retake.blender_addon.__file__).parents[1]

NOT_IN_BLENDER = (
    "blender_addon/packaging",
    "shared/model",  # the server asks it; what can be asked wrongly is refused before
    "shared/tracks/export.py",
    # Of the command line: pictures instead of a video, detectors of one's own, other computers.
    *(f"server/detect/{name}" for name in ("onnx_", "preview", "deeplabcut", "pictures")),
    "server/front/clients.py",
    "server/front/gate.py",
    "server/caller.py",
)

SENTENCES = {
    **dict.fromkeys(("RetakeError", "SilentServer", "OtherVersion", "_lose"), 0),
    **dict.fromkeys(("FieldError", "stage"), 1),
    **dict.fromkeys(("failed", "stopped", "_stop_all", "_fail_all", "run"), 2),
    "_fail": 3,
}
"""Exception or function -> which of its arguments is a sentence for people."""


def german(text: str) -> str:
    return GERMAN.get(text, text)


def sentences_in(file: Path) -> Iterator[str]:
    """What is raised or told there, a 7 for every value."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments):
                place = SENTENCES.get(name, len(arguments))
                yield from sentence(arguments[place]) if place < len(arguments) else ()
            case ast.Assign(targets=[ast.Name(id="text" | "ending")], value=value):
                yield from sentence(value)
            case _:
                pass


def sentence(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if " " in text:
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "7" for v in values)
        case _:  # somebody else's sentence, or none
            pass


FILES = [
    file
    for part in ("blender_addon", "shared", "server")
    for file in sorted((HOUSE / part).rglob("*.py"))
    if not file.relative_to(HOUSE).as_posix().startswith(NOT_IN_BLENDER)
]


def test_every_sentence_that_an_animator_can_meet_is_there_in_german() -> None:
    found = {text: file for file in FILES for text in sentences_in(file)}
    assert len(found) > 200
    assert "The armature '7' has no bones." in found
    missing = [
        f"{file.relative_to(HOUSE)}: {text}"
        for text, file in found.items()
        if any(map(str.isalpha, text)) and in_language(text, german) == text
    ]
    assert missing == []


def test_a_sentence_is_translated_by_its_form() -> None:
    wrong = [form.text for form in forms() if not comes_out(form)]
    assert wrong == []
    assert len(forms()) > 200


def comes_out(form: Form) -> bool:
    values = {name: f"7{number}" for number, name in enumerate(form.names)}
    told = Form.of(GERMAN[form.text]).filled(values)
    return in_language(form.filled(values), german) == told


def test_values_that_are_sentences_or_words_of_ours_are_translated_too() -> None:
    crash = "The worker process was killed by signal 9 (often: out of memory) while it computed "
    crash += "this job. It is being started again: try once more, with a shorter clip or fewer "
    said = in_language(
        f"{crash}takes if it happens again. 4 of 9 frames are finished and kept.", german
    )
    assert "durch Signal 9 (oft: zu wenig Speicher) beendet" in said
    assert said.endswith("4 von 9 Bildern sind fertig und bleiben erhalten.")
    assert "linkes" in in_language("The armature 'x' has no bones for: left knee, neck.", german)


def test_what_follows_a_sentence_is_no_part_of_its_last_value() -> None:
    text = (
        "The detector ended with code 1 after 9 frames of /a.mp4. 8 of 9 frames are finished and "
    )
    assert in_language(f"{text}kept.", german) == (
        "Die Erkennung endete nach 9 Bildern von /a.mp4 mit dem Code 1. "
        "8 von 9 Bildern sind fertig und bleiben erhalten."
    )


def test_names_that_people_give_are_never_translated() -> None:
    """An armature may be called as something of the interface is."""
    said = in_language("The armature 'Left Hand' has no bones for: neck.", german)
    assert "„Left Hand“" in said
    assert "Hals" in said
    said = in_language("Bones of the armature 'a' have no length: Neck, Head.", german)
    assert said.endswith("Neck, Head.")


def test_a_path_may_hold_the_words_of_its_form() -> None:
    said = in_language(
        "/is not here: it has no 'x'/a.npz is a folder; expected a takes file.", german
    )
    assert said.startswith("/is not here: it has no 'x'/a.npz ist ein Ordner")


def test_what_is_in_no_table_stays_as_it_is() -> None:
    assert form_of("Somebody else's sentence, 7 of them.") is None
    assert in_language("Somebody else's sentence, 7 of them.", german) == (
        "Somebody else's sentence, 7 of them."
    )


def test_without_a_translation_a_sentence_stays_english() -> None:
    text = "There is no file shot.npz."
    assert in_language(text, lambda text: text) == text


def test_take_names_are_german_word_for_word() -> None:
    words = {
        phrase.format(level=level)
        for group in LIMB_GROUPS
        for quality in qualities_of(group)
        for phrase in (*quality.words, quality.less, quality.more)
        for level in (quality.level.words if quality.level else ("",))
    }
    assert len(words) > 100
    english = [
        word
        for word in words
        if any(
            part in name_in(german, word).split()
            for part in (
                "hand",
                "left",
                "right",
                "head",
                "body",
                "camera",
                "leaning",
                "bent",
                "further",
            )
        )
    ]
    assert english == []


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("Best of All", "Das Beste von allen"),
        ("Take 7", "Fassung 7"),
        (
            "Right elbow bent at 1.3 s, left hand lower",
            "Rechter Ellbogen gebeugt bei 1.3 s, linke Hand tiefer",
        ),
        ("Left hand higher: 2 of 3 (2)", "Linke Hand höher: 2 von 3 (2)"),
        ("My own name, and more", "My own name, and more"),
    ],
)
def test_names_of_takes(english: str, expected: str) -> None:
    assert name_in(german, english) == expected
    assert name_in(lambda text: text, english) == english
