"""The ArviZ tree of draws from a user's own PyMC model that observes a memory model."""

from typing import Any

import numpy as np

from kvfit.inference.fit import Fit
from kvfit.inference.pointwise import pointwise
from kvfit.inference.settings import FitSettings
from kvfit.items import ITEM_EFFECTS, effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.registry import get_model


def arviz_tree(model: str | MemoryModel, data: Any, draws: Any, *, similarity: np.ndarray | None = None) -> Any:
    """Complete the draws of one's own PyMC model to the tree that a fit of kvfit has.

    PyMC's own log-likelihood (``pm.compute_log_likelihood``) counts a cell of a recognition design once, not its trials:
    here it is that of every list or trial, so that ``az.loo`` and ``az.compare`` speak of the same observations for all
    models.

    Parameters
    ----------
    model : str or MemoryModel
        Whose ``observe`` registered the responses.
    data : FreeRecallData or RecognitionData
    draws : xarray.DataTree
        Of ``pm.sample``: ``posterior`` with a variable ``(participant,)`` on the natural scale under each parameter's name
        (``pm.Deterministic(name, values, dims="participant")``), and with effects of items ``item_effects``
        ``(item, item_parameter)``.
    similarity : numpy.ndarray, optional
        For models with ``semantic=True``.

    Returns
    -------
    xarray.DataTree
        All of `draws`, with ``log_likelihood``, ``observed_data``, ``constant_data`` as in ``fit.tree``.

    Raises
    ------
    ValueError
        Listing every variable that is missing or has other dimensions.
    """
    model = get_model(model).bind(data)
    posterior = draws["posterior"]
    problems = _problems(model, data, posterior)
    if problems:
        raise ValueError(f"draws of {model.label} on {data.name}:\n  " + "\n  ".join(problems))
    design = model.design(data, similarity)
    sampled = pointwise(draws, model, data, design)
    for name, node in draws.children.items():
        if name not in sampled.children:
            sampled[name] = node
    return Fit(model, data, sampled, FitSettings(), similarity=similarity).tree


def _problems(model: MemoryModel, data: Any, posterior: Any) -> list[str]:
    """What a posterior lacks to be one of this model and these data."""
    sizes = {"participant": data.n_participants}
    labels = {"participant": [str(label) for label in data.participants]}
    wanted: dict[str, tuple[str, ...]] = {p.name: ("participant",) for p in model.parameters}
    if effects_of_items(model):
        wanted[ITEM_EFFECTS] = ("item", "item_parameter")
        sizes |= {"item": len(data.items), "item_parameter": len(effects_of_items(model))}
        labels |= {
            "item": [str(label) for label in data.items],
            "item_parameter": [effect.name for effect in effects_of_items(model)],
        }
    problems = []
    for name, dims in wanted.items():
        expected = ", ".join(f"{dim}: {sizes[dim]}" for dim in dims)
        if name not in posterior:
            problems.append(
                f"{name}: missing; expected a variable ({expected}), natural scale, e.g. a pm.Deterministic"
            )
        elif dict(posterior[name].sizes) != {
            **{dim: posterior.sizes[dim] for dim in ("chain", "draw")},
            **{dim: sizes[dim] for dim in dims},
        }:
            found = ", ".join(f"{dim}: {n}" for dim, n in posterior[name].sizes.items() if dim not in ("chain", "draw"))
            problems.append(f"{name}: expected dimensions ({expected}), found ({found})")
    for dim, expected_labels in labels.items():
        if dim in posterior.coords and posterior.sizes[dim] == sizes[dim]:
            found_labels = posterior[dim].to_numpy().astype(str).tolist()
            counted = [str(k) for k in range(sizes[dim])]  # a dimension without labels
            if found_labels not in (expected_labels, counted):
                problems.append(
                    f"{dim}: expected the labels of the data in their order ({', '.join(expected_labels[:5])}, ...), found"
                    f" {', '.join(found_labels[:5])}, ...; give pm.Model(coords=...) those labels"
                )
    return problems
