"""Contacts as an animator changes them: a foot is planted, or lifted, for a range of time."""

from __future__ import annotations

from dataclasses import fields, replace

from ....shared.contact_spans import ContactSpans, Span, Spans

PARTS = tuple(field.name for field in fields(ContactSpans))
"""Left heel, left toe, right heel, right toe."""

APART_S = 1e-3
"""What is left of a cut span ends so much before the cut: frames are further apart."""


def parts_of(foot: str) -> tuple[str, ...]:
    """Of "left", "right", or one part's name."""
    return tuple(part for part in PARTS if part == foot or part.startswith(f"{foot}_"))


def planted(spans: ContactSpans, foot: str, first: float, last: float) -> ContactSpans:
    """The parts of a foot stand from `first` to `last`, as one contact with all that it meets."""
    return replace(spans, **{p: _joined(getattr(spans, p), first, last) for p in parts_of(foot)})


def lifted(spans: ContactSpans, foot: str, first: float, last: float) -> ContactSpans:
    """The parts of a foot are in the air from `first` to `last`."""
    return replace(spans, **{p: _cut(getattr(spans, p), first, last) for p in parts_of(foot)})


def stands(spans: ContactSpans, foot: str, second: float) -> bool:
    """Whether any part of a foot stands."""
    every = [span for part in parts_of(foot) for span in getattr(spans, part)]
    return any(first <= second <= last for first, last in every)


def _joined(spans: Spans, first: float, last: float) -> Spans:
    met = [span for span in spans if span[0] <= last and span[1] >= first]
    whole = (min([first, *(a for a, _ in met)]), max([last, *(b for _, b in met)]))
    return tuple(sorted([*(span for span in spans if span not in met), whole]))


def _cut(spans: Spans, first: float, last: float) -> Spans:
    left: list[Span] = []
    for a, b in spans:
        if b < first or a > last:
            left.append((a, b))
            continue
        left += [(a, first - APART_S)] if a < first - APART_S else []
        left += [(last + APART_S, b)] if b > last + APART_S else []
    return tuple(left)
