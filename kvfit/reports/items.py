"""How far items differ, as the page shows it: spread of the effects of items, and what it means on the natural scale."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from scipy.special import ndtri

from kvfit.inference.fit import Fit
from kvfit.items import ItemEffect
from kvfit.recognition.model import RecognitionModel


def item_table(fits: Mapping[str, Fit], interval: float) -> pd.DataFrame | None:
    """Rows of `kvfit.reports.content.ReportContent.items`; None where no model has effects of items.

    Parameters
    ----------
    fits : mapping of str to Fit
        By the model's name on the page.
    interval : float
    """
    tables = [
        _of_fit(fit, fit.model, interval).assign(model=name)
        for name, fit in fits.items()
        if isinstance(fit.model, RecognitionModel) and fit.model.items
    ]
    return pd.concat(tables, ignore_index=True) if tables else None


def _of_fit(fit: Fit, model: RecognitionModel, interval: float) -> pd.DataFrame:
    """One row an effect, and one a level where the parameter has a value for each level of a condition."""
    spread = {str(row["effect"]): row for row in fit.item_spread(interval).to_dict("records")}
    population = dict(zip(*(fit.population()[column] for column in ("parameter", "mean")), strict=True))
    rows = []
    for effect in model.item_effects:
        for name in _moved(model, effect):
            middle = population.get(name, model.fixed.get(name))
            at = float(effect.parameter.to_unconstrained(middle))
            ends = [at + side * float(ndtri(0.9)) * float(spread[effect.name]["sd"]) for side in (-1, 1)]
            low, high = (float(effect.parameter.to_natural(end)) for end in ends)
            label = effect.name.replace(effect.parameter.name, name, 1)
            rows.append({**spread[effect.name], "effect": label, "item_10": low, "item_90": high})
    return pd.DataFrame(rows)


def _moved(model: RecognitionModel, effect: ItemEffect) -> list[str]:
    """Names of the parameters that an effect moves: one, or those of all levels of a condition."""
    base = effect.parameter.name
    return [p.name for p in model.all_parameters if p.name == base or p.name.startswith(f"{base}[")]
