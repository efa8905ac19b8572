"""The last digits of an optimum, and which parameters have none.

A search stops where the next step gains little. That is also so far out on a slope that never ends: without false alarms the
likelihood rises for ever with the criterion and d', by less and less. So the best end of a search is polished, in
coordinates in which the likelihood is round, and then asked which parameters are held by the data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]

#: slope by a standard error of the estimate at which polishing ends: the rest of the way is this part of one
_GRADIENT = 1e-4
#: step of differences of gradients, prior standard deviations
_STEP = 1e-3
#: a move (prior standard deviations) after which the curvature is another one
_MOVED = 0.05
#: curvature per prior standard deviation below which a direction counts as flat when coordinates are made round
_FLAT = 1e-3
#: curvature (log-likelihood by squared prior standard deviations) that holds a parameter, and one that counts as none
_HELD, _NEXT_TO_NONE = 0.05, 1e-9
#: how much wider the box is in which the question is asked of those whom the search's box held back
_WIDER = 3.0
_OF_OTHERS: Any = {"maxiter": 20, "ftol": 1e-11, "gtol": 1e-6, "maxls": 6}
#: a fall after which another way out is not tried
_NEAR = 0.01
#: fall of the log-likelihood, one prior standard deviation further out, that is none
_NO_FALL = 1e-6


@dataclass(frozen=True)
class Optimum:
    """Where the search ended for good; coordinates are in prior standard deviations from the prior's centre.

    Parameters
    ----------
    z : numpy.ndarray
        ``(parameter,)``.
    value : float
        What was minimised.
    curvature : numpy.ndarray
        ``(parameter, parameter)`` near it.
    """

    z: np.ndarray
    value: float
    curvature: np.ndarray


def polished(function: Function, z: np.ndarray, box: float) -> Optimum:
    """Minimise from a point near a minimum to the last digits that rounding leaves.

    Parameters
    ----------
    function : callable
        Value and gradient at ``(parameter,)``.
    z : numpy.ndarray
        ``(parameter,)``, where a search ended.
    box : float
        Coordinates stay within plus and minus this; those at its edge stay there.
    """
    value, gradient = function(z)
    curvature = _curvature(function, z, gradient)
    inside = np.abs(z) < box - _STEP
    if not inside.any():
        return Optimum(z, value, curvature)
    eigenvalues, vectors = np.linalg.eigh(curvature[np.ix_(inside, inside)])
    round_ = vectors / np.sqrt(np.maximum(np.abs(eigenvalues), _FLAT))

    def at(y: np.ndarray) -> np.ndarray:
        moved = z.copy()
        moved[inside] = np.clip(z[inside] + round_ @ y, -box, box)
        return moved

    def in_round(y: np.ndarray) -> tuple[float, np.ndarray]:
        found, slope = function(at(y))
        return found, slope[inside] @ round_

    # gradients of some models carry noise of differences, in which longer line searches would be lost
    options: Any = {"maxiter": 30, "ftol": 1e-13, "gtol": _GRADIENT, "maxls": 6}
    end = minimize(in_round, np.zeros(int(inside.sum())), jac=True, method="L-BFGS-B", options=options)
    if not end.fun < value:
        return Optimum(z, value, curvature)
    there = at(end.x)
    if np.abs(there - z).max() > _MOVED:
        curvature = _curvature(function, there, function(there)[1])
    return Optimum(there, float(end.fun), curvature)


def without_maximum(function: Function, optimum: Optimum, box: float) -> np.ndarray:
    """``(parameter,)`` bool: which parameters the likelihood does not hold at any finite value.

    Those at the edge of the box count as such. They may hold others back, so that the question is asked where the
    search would have ended in a box three times as wide.

    Where the log-likelihood is curved along a parameter, it is held. Elsewhere it has no maximum if the log-
    likelihood does not fall when it is taken one prior standard deviation further from the centre (either way,
    where it is near the centre) and all others follow as they like.
    """
    found = box - np.abs(optimum.z) < _STEP
    if found.any():
        wider = polished(function, optimum.z, _WIDER * box)
        # what runs along with a parameter that was held back has no maximum either
        found |= np.abs(wider.z - optimum.z) > 1.0
        optimum = wider
    z = optimum.z
    eigenvalues, vectors = np.linalg.eigh(optimum.curvature)
    # curvature along each parameter while the others follow
    alone = 1.0 / ((vectors**2) @ (1.0 / np.maximum(eigenvalues, _NEXT_TO_NONE)))
    for k in np.flatnonzero((alone < _HELD) & ~found):
        ways = [np.sign(z[k])] if abs(z[k]) > 1.0 else [-1.0, 1.0]
        found[k] = any(_further(function, optimum, int(k), way) <= optimum.value + _NO_FALL for way in ways)
    return found


def _further(function: Function, optimum: Optimum, k: int, way: float) -> float:
    """Smallest value with parameter k one prior standard deviation further."""
    start = optimum.z.copy()
    start[k] += way
    others = np.arange(start.size) != k
    if not others.any():
        return function(start)[0]
    # along the slope the others follow as they did before
    inner = optimum.curvature[np.ix_(others, others)]
    follow = np.linalg.lstsq(inner + _FLAT * np.eye(len(inner)), -optimum.curvature[others, k] * way, rcond=None)[0]
    followed = start.copy()
    followed[others] += np.clip(follow, -2.0, 2.0)
    ends = []
    for first in (followed, start):

        def of_others(x: np.ndarray) -> tuple[float, np.ndarray]:
            at = start.copy()
            at[others] = x
            value, gradient = function(at)
            return value, gradient[others]

        end = minimize(of_others, first[others], jac=True, method="L-BFGS-B", options=_OF_OTHERS)
        ends.append(float(end.fun))
        if not 0 < ends[-1] - optimum.value - _NO_FALL < _NEAR:
            break
    return min(ends)


def _curvature(function: Function, z: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """``(parameter, parameter)`` from forward differences of the gradient, towards the centre where it is nearer."""
    steps = np.where(z > 0, -_STEP, _STEP)
    rows = [(function(z + step)[1] - gradient) / steps[k] for k, step in enumerate(np.diag(steps))]
    made = np.array(rows)
    return (made + made.T) / 2
