"""What a model's prior says about behaviour: the certificate's picture, with people of published experiments over it."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kvfit.certification.part import Part
from kvfit.inference.prior_predictive import PriorPredictive, prior_predict
from kvfit.memory_model import MemoryModel
from kvfit.recovery.designs import free_recall_design, recognition_design

#: Quantiles over people of curves of immediate free recall, and where they are from.
PUBLISHED = Path(__file__).parent / "published_recall.json"
#: People drawn from the prior.
PEOPLE = 60


@lru_cache(maxsize=1)
def published() -> Mapping[str, Any]:
    """Curves of people in a published experiment on free recall: ``source``, the design, and ``curves`` by name."""
    found: Mapping[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return found


def behaviour(model: MemoryModel, seed: int = 0) -> Part:
    """Curves of people drawn from the prior; of free recall beside those of published people.

    Parameters
    ----------
    model : MemoryModel
        Not bound.
    seed : int

    Returns
    -------
    Part
        A description: whether a prior is sensible is for readers to judge.
    """
    if model.task != "free_recall":
        found = prior_predict(model, recognition_design(PEOPLE, 120, "1-6"), people=PEOPLE, seed=seed)
        return Part("behaviour", None, found.title().rstrip("."), figure=found.figure())
    of = published()
    design = free_recall_design(PEOPLE, of["lists"], of["list_length"])
    found = with_people(prior_predict(model, design, people=PEOPLE, seed=seed), of["curves"])
    outside = points_outside(found)
    n = sum(bool(np.isfinite(one["data"].sel(quantile=0.5)).sum()) for one in found.curves.values())
    words = (
        f"the median of {of['people']} people ({of['source']}) lies inside the central 90 % of prior people at every point"
        f" of {n} curves"
        if not outside
        else f"the median of {of['people']} people ({of['source']}) lies outside the central 90 % of prior people at"
        f" {'; '.join(outside)}"
    )
    return Part("behaviour", None, f"{PEOPLE} people drawn from the prior: {words}", figure=found.figure())


def with_people(found: PriorPredictive, curves: Mapping[str, Any]) -> PriorPredictive:
    """The same with quantiles over published people as ``data`` of each curve that there is."""
    filled = {}
    for name, dataset in found.curves.items():
        if name in curves:
            values = np.full(dataset["prior"].shape, np.nan)
            known = np.array(curves[name]["values"], dtype=float)
            along = dataset["prior"].dims[-1]
            places = [list(dataset[along].to_numpy()).index(at) for at in curves[name]["at"]]
            values[..., places] = known
            dataset = dataset.assign(data=xr.DataArray(values, dims=dataset["prior"].dims))
        filled[name] = dataset
    return PriorPredictive(found.model, filled, found.people, found.design)


def points_outside(found: PriorPredictive) -> list[str]:
    """Points at which the median of published people lies outside the central 90 % of prior people."""
    said = []
    for name, dataset in found.curves.items():
        if "data" not in dataset:
            continue
        low, high = (dataset["prior"].sel(quantile=q) for q in (0.05, 0.95))
        middle = dataset["data"].sel(quantile=0.5)
        off = ((middle < low) | (middle > high)).to_numpy().ravel()
        along = dataset["prior"].dims[-1]
        places = [f"{value:g}" for value in dataset[along].to_numpy()[off]]
        if places:
            said.append(f"{name.replace('_', ' ')} {', '.join(places)}")
    return said
