"""Counts of response categories over design cells, or single responses, as PyMC distributions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from kvfit.items import ITEM_EFFECTS
from kvfit.recognition.design import RecognitionDesign
from kvfit.shared_data import shared_data

if TYPE_CHECKING:
    from kvfit.recognition.model import RecognitionModel


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
        observed=shared_data(f"{name}_observed", design.counts),
    )


def response_distribution(
    name: str, model: "RecognitionModel", design: RecognitionDesign, values: Mapping[str, Any]
) -> Any:
    """Register the observed responses of single trials in the current PyMC model.

    Parameters
    ----------
    name : str
        Name of the variable.
    model : RecognitionModel
        With effects of items, or similarities.
    design : RecognitionDesign
        Whose cells are trials; holds the observed responses.
    values : mapping of str to TensorVariable
        ``(participant,)`` on the natural scale, and with effects of items ``item_effects`` ``(item, effect)``.

    Returns
    -------
    TensorVariable
        ``(trial,)`` categories from 1; draws come from the model's simulator.
    """
    names = tuple(values)

    def logp(value: Any, trials: Any, *parameters: Any) -> Any:
        return model.log_responses(design, dict(zip(names, parameters, strict=True)), value, pt).sum()

    def random(*parameters: Any, rng: np.random.Generator, size: Any = None) -> np.ndarray:
        return model.simulate(design, dict(zip(names, parameters[1:], strict=True)), rng)

    inputs = ",".join("(i,e)" if one == ITEM_EFFECTS else "(p)" for one in names)
    return pm.CustomDist(
        name,
        # tells the distribution the number of trials, which no parameter has
        np.zeros(design.response.shape, np.int64),
        *values.values(),
        logp=logp,
        random=random,
        signature=f"(t),{inputs}->(t)",
        dtype="int64",
        observed=shared_data(f"{name}_observed", design.response),
    )
