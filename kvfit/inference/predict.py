"""Posterior predictive simulation, in chunks so that memory stays bounded."""

from collections.abc import Iterator

import numpy as np

from kvfit.inference.fit import Fit

CHUNK = 50


def predictive_chunks(fit: Fit, draws: int = 200, seed: int = 0) -> Iterator[np.ndarray]:
    """Simulated responses of the fitted lists, chunk by chunk.

    Parameters
    ----------
    fit : Fit
    draws : int
        Posterior draws used, spread over the whole posterior.
    seed : int

    Yields
    ------
    numpy.ndarray
        ``(draw, list, output)`` int16, Penn coding, at most 50 draws at a time.
    """
    values = fit.draws(draws, seed)
    n = len(next(iter(values.values())))
    rng = np.random.default_rng([seed, 1])
    for start in range(0, n, CHUNK):
        yield np.stack(
            [
                fit.model.simulate(fit.design, {k: v[d] for k, v in values.items()}, rng)
                for d in range(start, min(start + CHUNK, n))
            ]
        )


def predict(fit: Fit, draws: int = 200, seed: int = 0) -> np.ndarray:
    """Posterior predictive responses ``(draw, list, output)``, Penn coding; see :func:`predictive_chunks`."""
    return np.concatenate(list(predictive_chunks(fit, draws, seed)))
