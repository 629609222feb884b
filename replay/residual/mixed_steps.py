"""A part of a column between the steps of its encoder, undone: the mix of successive rows that leads back to whole steps.

Undoing the right one with the right number gives whole steps again, in one row after the other. Undoing another one does not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .encoder_steps import EncoderSteps
from .hypotheses import Explanation

SHARES = np.linspace(0.02, 0.98, 481)  # of the row before, in a mix of two, or in a first-order low-pass
SETTLED = 0.02  # of what is not known of the rows before, that may be left when a row is asked
# of a step, within which a row counts as on it; of the rows in motion that have to be; less of them, at which the first of two is named
NEAR, OFTEN, AS_WELL = 0.1, 0.85, 0.05
MANY = 900  # rows of a part that are asked: a mix shows in any of them
ROWS, GOES = 12, 2.0  # in motion, that are asked at the least; steps from row to row, from where on a row tells


def mixed_rows_of(x: np.ndarray, steps: EncoderSteps, first: int, last: int) -> Explanation | None:
    """What rows first..last of a column (n,) are a mix of: two successive rows, as of another moment, or a first-order low-pass; None where
    neither leads back to whole steps, and where the steps are too fine to tell.

    Filters and delays of a part of a row are all made of successive rows, so that either is named of both.
    """
    if steps.near > 0.5 * NEAR * steps.step or last - first < ROWS:
        return None
    rows = x[max(first - 1, 0) : min(last + 1, first + MANY)]
    found = list(_tried((rows - rows[0]) / steps.step))  # from a number on a step on: steps need not begin at zero
    most = max(share for share, _ in found)
    return next((why for share, why in found if share >= max(OFTEN, most - AS_WELL)), None)


def _tried(y: np.ndarray) -> Iterator[tuple[float, Explanation]]:
    """Share of the rows that are on steps, and the reason, of numbers (n,) in steps from a whole one on."""
    for name, restored, known in (*_lags(y), *_low_passes(y)):
        tells = known & (np.abs(np.diff(restored, axis=0, prepend=restored[:1])) >= GOES)
        beside = np.abs(restored - np.round(restored)) <= NEAR
        count = tells.sum(axis=0)
        share = np.where(count >= ROWS, (beside & tells).sum(axis=0) / np.maximum(count, 1), 0.0)
        yield float(share.max()), Explanation(name, "time", 1.0, {}, 1.0)


Tried = tuple[str, np.ndarray, np.ndarray]  # reason, numbers restored (n, k) with each share, rows in which they are known


def _lags(y: np.ndarray) -> Iterator[Tried]:
    """Rows between two of the encoder's: a share of one and the rest of the next. What the first one was is forgotten on the way."""
    low = SHARES[SHARES < 0.48]
    for rows in (y, y[::-1]):
        out = np.empty((len(rows), len(low)))
        out[0] = rows[0]
        for k in range(1, len(rows)):
            out[k] = (rows[k] - low * out[k - 1]) / (1.0 - low)
        yield "lag", out, (low / (1.0 - low)) ** np.arange(len(rows))[:, None] <= SETTLED


def _low_passes(y: np.ndarray) -> Iterator[Tried]:
    out = (y[1:, None] - SHARES * y[:-1, None]) / (1.0 - SHARES)
    yield "smoothed", out, np.ones(out.shape, bool)
