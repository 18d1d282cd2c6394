# pyright: basic, reportAttributeAccessIssue=false
"""Changes what a scene says about choosing: what is open, what is decided, about which takes."""

from __future__ import annotations

import json
import ntpath

from ...shared.errors import RetakeError
from ...shared.skeleton import HUMAN36M
from ...shared.takes import Alternative
from .. import session
from . import reading, ready
from .choice_track import WHOLE, ChoiceTrack
from .colours import colour_of
from .here import alternatives_in, with_worn

JOINT_ITEMS = tuple(
    (name, name.replace("_", " ").title(), f"Hold the {name.replace('_', ' ')}")
    for name in HUMAN36M.joints[1:]
)

_is_setting = False

_known: dict[tuple[str, str, int, int], tuple[Alternative, ...]] = {}


def set_choice_track(scene, track: ChoiceTrack) -> None:
    set_decisions(scene, track.to_json())


def set_decisions(scene, text: str) -> None:
    """The choice track as the scene keeps it."""
    reading.of(scene).decisions = text
    ready.want(scene)
    reading.redraw()


def remember_alternatives(key, rows) -> None:
    """What a thread has found for (takes_path, group, first, last): `open_range` need not look."""
    _known.clear()
    _known[key] = rows


def open_range(scene) -> None:
    """List what there is to choose from in the range and limb that are set."""
    if _is_setting:
        return
    state, takes = reading.of(scene), reading.takes_or_none(scene)
    state.alternatives.clear()
    if takes is None:
        return
    span = reading.range_of(scene, takes)
    rows = _known.get((session.of(scene).takes_path, state.group, *span))
    rows = rows or alternatives_in(takes, state.group, *span)
    worn = worn_in(scene, takes)
    if worn is not None and state.group != WHOLE:
        rows = with_worn(takes, rows, state.group, worn, *span)
    for number, found in enumerate(rows):
        row = state.alternatives.add()
        row.name = found.name[:1].upper() + found.name[1:]
        row.share, row.hypothesis, row.colour = found.share, found.hypothesis, colour_of(number)
    shown = [row.hypothesis for row in state.alternatives]
    state.active_alternative = shown.index(worn) if worn in shown else 0
    ready.want(scene)
    reading.redraw()


def worn_in(scene, takes) -> int | None:
    """The hypothesis that is chosen in the middle of what is open; None if its limbs differ."""
    group, middle = reading.of(scene).group, sum(reading.range_of(scene, takes)) // 2
    try:
        picks = reading.choice_track(scene).picks(takes)
    except RetakeError:  # the panel says what is wrong with the decisions
        return None
    shown = {int(picks[name][middle]) for name in (picks if group == WHOLE else [group])}
    return shown.pop() if len(shown) == 1 else None


def news(scene) -> int:
    """The row that there is something to see of: the active one, or what comes after it if the
    character wears the active one already."""
    state, takes = reading.of(scene), reading.takes_or_none(scene)
    active, count = state.active_alternative, len(state.alternatives)
    if takes is None or active >= count:
        return active
    is_worn = state.alternatives[active].hypothesis == worn_in(scene, takes)
    return (active + 1) % count if is_worn else active


def open_stretch(scene, index: int) -> None:
    """Choose for a stretch of the review list, and go where the takes begin to differ."""
    state = reading.of(scene)
    row = state.stretches[index]
    state.active_stretch = index
    set_range(scene, row.first, row.last, row.groups.split(",")[0])
    scene.frame_set(reading.frame_of(scene, (row.first + row.last) / 2))


def set_range(scene, first: float, last: float, group: str) -> None:
    """Open seconds `first` to `last` for a limb; the range is opened once, not at every step."""
    global _is_setting
    state = reading.of(scene)
    _is_setting = True
    try:
        state.first, state.last, state.group = first, last, group
    finally:
        _is_setting = False
    open_range(scene)


def list_stretches(scene) -> None:
    """Make the review list anew, and wait for it."""
    if reading.takes_or_none(scene) is None:
        reading.of(scene).stretches.clear()
        return
    ready.want_review(scene, wait=True)


def takes_changed(scene, continues: bool) -> None:
    """Decisions about other takes go onto the shelf, and those about these come back from it."""
    state, own = reading.of(scene), session.of(scene)
    key = ntpath.basename(own.takes_path)  # of either kind of path
    if continues:
        state.takes_key = key
    elif key != state.takes_key:
        shelf = _shelf(state)
        if state.takes_key and (state.decisions or state.reviewed):
            shelf[state.takes_key] = [state.decisions, state.reviewed]
        state.decisions, state.reviewed = shelf.pop(key, ["", ""])
        state.shelf, state.takes_key = json.dumps(shelf), key
    takes = reading.takes_or_none(scene)
    state.stretches.clear()
    ready.forget()
    if takes is None:
        return
    if continues:
        open_range(scene)
    else:
        set_range(scene, float(takes.times[0]), float(takes.times[-1]), "whole")
    ready.want_review(scene)


def _shelf(state) -> dict[str, list[str]]:
    try:
        shelf = json.loads(state.shelf or "{}")
    except ValueError:
        return {}
    return shelf if isinstance(shelf, dict) else {}


def register() -> None:
    session.takes_listeners.append(takes_changed)


def unregister() -> None:
    if takes_changed in session.takes_listeners:
        session.takes_listeners.remove(takes_changed)
