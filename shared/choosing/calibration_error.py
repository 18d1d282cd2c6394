"""Expected calibration error: how far the spread of samples is from the errors that they have.

Pierzchlewicz et al. 2022 (arXiv 2210.11179). 0 is perfect; samples that all but agree give 0.5.
With few samples it is biased: 5 give 0.15 when all is well, 100 are enough.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats

QUANTILES = np.linspace(0, 1, 21)


def expected_calibration_error(samples: Floats, truth: Floats) -> float:
    """samples (H, N, J, 3), truth (N, J, 3), of N independent frames, same unit -> 0 to 0.5."""
    return error_of(*radii_and_errors(samples, truth))


def radii_and_errors(samples: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Quantiles of the samples' distances from their median (21, N, J), and the truth's (N, J).

    The median is that of every coordinate.
    """
    centre = np.median(samples, axis=0)
    distances = np.linalg.norm(samples - centre, axis=-1)
    return np.quantile(distances, QUANTILES, axis=0), np.linalg.norm(truth - centre, axis=-1)


def error_of(radii: Floats, errors: Floats) -> float:
    """The error from quantiles (21, N, J) and true distances (N, J)."""
    frequencies = np.median((radii > errors).mean(axis=1), axis=1)
    return float(np.abs(frequencies - QUANTILES).mean())
