"""Marginal likelihoods of persons in a store: integrating persons out can take as long as the fit did."""

import hashlib
import io
import json
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

from kvfit.comparison.person_marginals import POINTS, POINTS_OF_DRAW, PersonMarginals, person_marginals
from kvfit.comparison.population_draws import PopulationDraws
from kvfit.files import write_bytes
from kvfit.inference.fit import Fit, fit_key
from kvfit.store import StoreWarning, folder_name

#: Folder in a store.
FOLDER = "new-persons"


def kept_marginals(
    fit: Fit, population: PopulationDraws, store: str | Path | None, *, seed: int = 0, show_progress: bool = True
) -> PersonMarginals:
    """Marginal likelihood of every person of a fit, from the store if it was computed before.

    Parameters
    ----------
    fit : Fit
    population : PopulationDraws
        Draws of this fit.
    store : path, optional
        Folder of fits; nothing is kept without it.
    seed : int
        Of the points at which persons are integrated out.
    show_progress : bool
    """
    path = (
        None if store is None else Path(store) / FOLDER / f"{folder_name(fit.label, _key(fit, population, seed))}.npz"
    )
    kept = None if path is None else _read(path)
    if kept is not None:
        return kept
    found = person_marginals(fit, population, seed=seed, show_progress=show_progress)
    if path is not None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **vars(found))
        try:
            write_bytes(path, buffer.getvalue())
        except OSError as error:  # the store of somebody else, or a full disk: the values are here all the same
            warnings.warn(f"marginal likelihoods of persons are not kept: {error}", StoreWarning, stacklevel=2)
    return found


def _read(path: Path) -> PersonMarginals | None:
    """Values that were kept; a file that was cut off or damaged counts as missing."""
    try:
        # NumPy leaves a file open that is no archive
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            return PersonMarginals(
                kept["log_value"], kept["effective"], int(kept["points"]), kept["pareto_k"], bool(kept["common"])
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _key(fit: Fit, population: PopulationDraws, seed: int) -> str:
    """Hash of what decides the values: the fit with its very draws, and the points."""
    draws = hashlib.sha256(np.ascontiguousarray(population.coordinates()).tobytes())
    if population.factor is not None:
        draws.update(np.ascontiguousarray(population.factor).tobytes())
    request = [
        fit_key(fit.model, fit.data, fit.settings, fit.similarity),
        draws.hexdigest(),
        seed,
        POINTS,
        POINTS_OF_DRAW,
    ]
    return hashlib.sha256(json.dumps(request).encode()).hexdigest()[:12]
