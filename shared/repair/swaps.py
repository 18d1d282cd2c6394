"""Left and right exchanged by the detector, found in time.

A detector that takes a person's back for the front reports the left arm as the right one, with full
confidence, for single frames or for seconds. Each frame of a limb pair gets a sign: +1 as detected,
-1 exchanged. The signs are those under which left minus right moves with the least acceleration,
found exactly by dynamic programming (Viterbi 1967) over the last frames' signs. Acceleration, not
distance: limbs that truly cross in the picture go on straight, exchanged ones bounce.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Bools, Floats, Floats64

TOLERANCE = 0.06
"""Body sizes. A second difference over neighbouring frames of this size counts as half a jump."""

LONGEST_LAG_S = 0.07
MOST_LAGS = 4

CLOSE = 0.25
"""Body sizes. The distance of left and right (root mean square) below which a blend is let pass."""

EXCHANGED_COST = 0.01
"""Per frame and in jumps: where nothing else decides, the detector is right."""


def exchanged(
    difference: Floats, weight: Floats, times: Floats, against: Floats | None = None
) -> Bools:
    """(frames,) whether the sides are exchanged in each frame.

    difference (frames, pairs, 2): left minus right in body sizes, NaN where not both are seen;
    weight (frames, pairs), 0 to 1. `against` (frames,): how much it speaks against exchanging a
    frame (or, below 0, for it), in units of EXCHANGED_COST.
    """
    lags = _lags(times)
    costs = [_jumps(difference, weight, times, lag) for lag in lags]
    prior = np.full(len(times), EXCHANGED_COST)
    if against is not None:
        prior += EXCHANGED_COST * against
    return _least_cost_signs(costs, lags, prior)


def _lags(times: Floats) -> list[int]:
    step = float(np.median(np.diff(times)))
    return list(range(1, min(MOST_LAGS, max(1, int(LONGEST_LAG_S / step + 0.5))) + 1))


def _jumps(difference: Floats, weight: Floats, times: Floats, lag: int) -> Floats64:
    """(frames, 4): cost 0 to 1 of frame t with t - lag and t - 2 lag, for each pair of signs.

    Column 2 b + c: b and c tell whether the frame lag, and 2 lag, before has another sign than this
    one. The acceleration is the deviation from the straight line through the two, at the frame's
    time.
    """
    costs = np.zeros((len(times), 4))
    now, before, earlier = (difference[i : len(times) - 2 * lag + i] for i in (2 * lag, lag, 0))
    if not len(now):
        return costs
    onward = (times[2 * lag :] - times[lag:-lag]) / (times[lag:-lag] - times[: -2 * lag])
    r = onward[:, None, None]
    seen = np.isfinite(now + before + earlier).all(axis=-1)
    shares = np.where(seen, weight[2 * lag :], 0.0)
    total = np.maximum(shares.sum(axis=1), 1e-9)
    for column in range(4):
        b, c = 1 - 2 * (column >> 1), 1 - 2 * (column & 1)
        off = np.linalg.norm(now - (1 + r) * b * before + r * c * earlier, axis=-1)
        mean = (np.where(seen, off, 0.0) * shares).sum(axis=1) / total
        costs[2 * lag :, column] = mean**2 / (mean**2 + (TOLERANCE * lag) ** 2)
    return costs


def _least_cost_signs(costs: list[Floats64], lags: list[int], prior: Floats64) -> Bools:
    """Viterbi over states that hold the last `2 * max(lags)` signs, the newest in bit 0."""
    depth = 2 * lags[-1]
    states = np.arange(1 << depth)
    bits = (states[:, None] >> np.arange(depth)) & 1
    columns = [
        [2 * (bits[:, lag - 1] ^ sign) + (bits[:, 2 * lag - 1] ^ sign) for lag in lags]
        for sign in (0, 1)
    ]
    half = len(states) // 2
    best = np.zeros(len(states))
    choice = np.zeros((len(prior), len(states)), np.bool_)
    for t in range(len(prior)):
        new = np.empty(len(states))
        for sign in (0, 1):
            cost = best + sign * prior[t]
            for table, column in zip(costs, columns[sign], strict=True):
                cost = cost + table[t, column]
            # Two old states, which differ in their oldest sign, become the same new one.
            from_two = cost.reshape(2, half)
            choice[t, sign::2] = from_two[1] < from_two[0]
            new[sign::2] = from_two.min(axis=0)
        best = new - new.min()
    return _trace_back(choice, int(best.argmin()), depth)


def _trace_back(choice: Bools, state: int, depth: int) -> Bools:
    signs = np.zeros(len(choice), np.bool_)
    for t in range(len(choice) - 1, -1, -1):
        signs[t] = state & 1
        state = (state >> 1) | (int(choice[t, state]) << (depth - 1))
    return signs


def between(difference: Floats, signs: Bools, reach: int) -> Bools:
    """(frames,) frames in which the detector's smoothing has blended both sides.

    After each change of `signs` a smoothing detector passes from one side to the other, and for up
    to `reach` frames its points lie between the two. There the difference is shorter than between
    the clear frames around: by a quarter or more. Where the sides lie close to each other anyway,
    as in profile, a blend does no harm. difference (frames, pairs, 2) is corrected.
    """
    turned = np.flatnonzero(signs[1:] != signs[:-1]) + 1
    doubtful = np.zeros(len(signs), np.bool_)
    for frame in turned:
        doubtful[frame : frame + reach] = True
    clear = ~doubtful & np.isfinite(difference).all(axis=(1, 2))
    if not turned.size or not clear.any():
        return np.zeros(len(signs), np.bool_)
    frames, flat = np.arange(len(signs)), difference.reshape(len(signs), -1)
    expected = np.stack([np.interp(frames, frames[clear], c[clear]) for c in flat.T], axis=1)
    share = (flat * expected).sum(axis=1) / np.maximum((expected**2).sum(axis=1), 1e-9)
    apart = np.linalg.norm(expected, axis=1) > CLOSE * np.sqrt(difference.shape[1])
    return doubtful & (share < 0.75) & apart
