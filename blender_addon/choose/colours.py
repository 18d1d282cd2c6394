"""The colours of takes, the same in lists, ghosts and strips."""

from __future__ import annotations

COLOURS = (
    (0.90, 0.62, 0.00),
    (0.34, 0.71, 0.91),
    (0.00, 0.62, 0.45),
    (0.94, 0.89, 0.26),
    (0.80, 0.47, 0.65),
)
"""Of the first five takes, the heaviest first: Okabe and Ito's colours, told apart by everybody."""

OTHER = (0.6, 0.6, 0.6)


def colour_of(index: int) -> tuple[float, float, float]:
    """The colour of the take that is named as number `index`, from 0; of any other: grey."""
    return COLOURS[index] if 0 <= index < len(COLOURS) else OTHER


def heat(share: float) -> tuple[float, float, float]:
    """From dark blue over orange to yellow as doubt rises from 0 to 1; told apart in grey too."""
    stops = ((0.10, 0.12, 0.25), (0.55, 0.15, 0.35), (0.93, 0.45, 0.15), (1.0, 0.90, 0.35))
    at = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(at), len(stops) - 2)
    red, green, blue = (
        a + (b - a) * (at - low) for a, b in zip(stops[low], stops[low + 1], strict=True)
    )
    return red, green, blue
