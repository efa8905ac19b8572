"""Counts of response categories as a PyMC distribution over design cells."""

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit.recognition.design import RecognitionDesign


def count_distribution(name: str, design: RecognitionDesign, log_probabilities: Any) -> Any:
    """Register the observed counts of a design in the current PyMC model.

    The log-probability of a cell is that of its responses one by one: the multinomial coefficient, which depends on no
    parameter, is left out, so that the sum equals the sum over trials.

    Parameters
    ----------
    name : str
        Name of the variable.
    design : RecognitionDesign
        Holds the observed counts.
    log_probabilities : TensorVariable
        ``(cell, category)``.

    Returns
    -------
    TensorVariable
        ``(cell, category)``; draws are multinomial with the same probabilities.
    """

    def logp(value: Any, table: Any, n_trials: Any) -> Any:
        return pt.sum(value * table, axis=-1)

    def random(table: np.ndarray, n_trials: np.ndarray, rng: np.random.Generator, size: Any = None) -> np.ndarray:
        p = np.exp(table)
        return rng.multinomial(n_trials, p / p.sum(axis=-1, keepdims=True), size=size)

    return pm.CustomDist(
        name,
        log_probabilities,
        design.counts.sum(axis=1),
        logp=logp,
        random=random,
        signature="(k),()->(k)",
        dtype="int64",
        observed=design.counts,
    )
