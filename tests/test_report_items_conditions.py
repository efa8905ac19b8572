"""The page on recognition: how far items differ, and ROCs across conditions of yes/no responses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from html_page import Page
from rating_fits import posterior_around, rated_data
from recognition_tables import stack, trial_table
from report_example import example_content

import kvfit as kv
from kvfit.inference.settings import FitSettings
from kvfit.reports import recognition
from kvfit.reports.content import Curve
from kvfit.reports.figures.curves import points_inside
from kvfit.reports.items import item_table
from kvfit.reports.page import render_page

RATES = ("0.25", "0.5", "0.75")


@pytest.fixture(scope="module")
def bias() -> tuple[kv.RecognitionData, dict[str, kv.Fit]]:
    """Yes/no responses whose criterion follows the base rate, and posteriors with and without such criteria."""
    n = 60
    tables = [
        trial_table(
            person,
            [1] * n,
            [0] * n,
            list=k,
            base_rate=rate,
            strength=[*["strong", "weak"] * (n // 2), *["lure"] * n],
        )
        for person in range(1, 9)
        for k, rate in enumerate(RATES, start=1)
    ]
    design = kv.read_recognition(stack(*tables), scale="0-1", name="base rates", conditions=["base_rate", "strength"])
    truth = {"d_prime": 1.5, "criterion[0.25]": 1.4, "criterion[0.5]": 0.75, "criterion[0.75]": 0.1}
    data = kv.simulate("evsd(criteria_by=base_rate)", design, truth, 3)
    values = {name: np.full(8, value) for name, value in truth.items()}
    fits = {
        "varying": posterior_around("evsd(criteria_by=base_rate)", data, values),
        "constant": posterior_around(
            "evsd", data, {"d_prime": values["d_prime"], "criterion": values["criterion[0.5]"]}
        ),
    }
    return data, fits


@pytest.fixture(scope="module")
def rocs(bias: tuple[kv.RecognitionData, dict[str, kv.Fit]]) -> dict[str, Curve]:
    data, fits = bias
    made = recognition.curves(fits, data, draws=60, seed=1, show_progress=False)
    return {curve.by: curve for curve in made if curve.kind == "condition_roc"}


def test_each_condition_with_old_and_new_items_is_a_point(
    rocs: dict[str, Curve], bias: tuple[kv.RecognitionData, dict[str, kv.Fit]]
) -> None:
    assert list(rocs) == ["base_rate"]  # no level of strength holds both
    (panel,) = rocs["base_rate"].panels
    trials = bias[0].trials
    called = trials.assign(called=trials["response"] == 2)
    persons = called.groupby(["subject", "base_rate", "old"], as_index=False)["called"].mean()
    mean = persons.pivot_table(index="base_rate", columns="old", values="called")
    np.testing.assert_allclose(panel.x, mean[False], atol=1e-12)
    np.testing.assert_allclose(panel.observed, mean[True], atol=1e-12)
    assert rocs["base_rate"].note == "Levels of base_rate from left to right: 0.25, 0.5, 0.75."


def test_a_model_without_criteria_by_condition_predicts_one_false_alarm_rate(rocs: dict[str, Curve]) -> None:
    (panel,) = rocs["base_rate"].panels
    bands = {band.model: band for band in panel.bands}
    constant, varying = bands["constant"].x, bands["varying"].x
    assert constant is not None
    assert varying is not None
    assert np.ptp(constant) < 0.03
    np.testing.assert_allclose(varying, panel.x, atol=0.06)
    assert points_inside(panel, bands["constant"]) == (1, 3)
    assert points_inside(panel, bands["varying"])[0] >= 2


def test_the_page_draws_points_of_conditions(rocs: dict[str, Curve]) -> None:
    content = example_content()
    names = [card.name for card in content.models]
    (panel,) = rocs["base_rate"].panels
    bands = tuple(replace(band, model=name) for band, name in zip(panel.bands, names, strict=False))
    curve = Curve("condition_roc", (replace(panel, bands=bands),), "base_rate", rocs["base_rate"].note)
    text = " ".join(Page(render_page(replace(content, curves=(curve,)))).text)
    assert "ROC across conditions, by base_rate" in text
    assert "1 of 3 points in the 90 % band" in text


def _item_fit() -> kv.Fit:
    data = rated_data(4, 20)
    model = kv.get_model("uvsd(by=strength, items=d_prime+sigma+criterion:new)").bind(data)
    rng = np.random.default_rng(2)
    natural = {"d_prime[strong]": 2.0, "d_prime[weak]": 1.0, "sigma": 1.25, "sigma[strong]": 1.25, "sigma[weak]": 1.25}
    persons = {
        p.name: (("chain", "draw", "participant"), natural.get(p.name, 0.6) * rng.normal(1.0, 1e-6, (2, 30, 4)))
        for p in model.parameters
    }
    effects = model.item_effects  # type: ignore[attr-defined]
    sds = np.array([0.5, 0.2, 0.4]) * rng.normal(1.0, 1e-6, (2, 30, 1))
    posterior = xr.Dataset(
        {
            **persons,
            "item_sd": (("chain", "draw", "item_parameter"), sds),
            "item_effects": (("chain", "draw", "item", "item_parameter"), np.zeros((2, 30, len(data.items), 3))),
        },
        {"participant": [str(label) for label in data.participants], "item_parameter": [e.name for e in effects]},
    )
    return kv.Fit(model, data, xr.DataTree.from_dict({"/posterior": posterior}), FitSettings())


def test_items_stand_on_the_natural_scale_level_by_level() -> None:
    table = item_table({"with items": _item_fit()}, 0.9)
    assert table is not None
    assert set(table["model"]) == {"with items"}
    table = table.set_index("effect")
    assert table.index.tolist()[:2] == ["d_prime[strong]", "d_prime[weak]"]
    assert table.index.tolist()[-1] == "criterion:new"
    ends = table.loc["d_prime[strong]", ["item_10", "item_90"]].to_numpy(dtype=float)
    np.testing.assert_allclose(ends, [2.0 - 1.2816 * 0.5, 2.0 + 1.2816 * 0.5], atol=1e-3)
    sigma = table[table.index.str.startswith("sigma")].iloc[0]
    np.testing.assert_allclose(
        sigma[["item_10", "item_90"]].to_numpy(dtype=float), 1.25 * np.exp([-1.2816 * 0.2, 1.2816 * 0.2]), rtol=1e-3
    )
    assert item_table({"none": posterior_around("evsd", rated_data(2, 4), _equal(2))}, 0.9) is None


def _equal(n: int) -> dict[str, np.ndarray]:
    model = kv.get_model("evsd").bind(rated_data(2, 4))
    return {p.name: np.full(n, 0.6) for p in model.parameters}


def test_the_page_has_a_table_of_items() -> None:
    content = example_content()
    name = content.models[0].name
    row = {"model": name, "effect": "d_prime", "sd": 0.5, "lower": 0.4, "upper": 0.6, "item_10": 0.612, "item_90": 1.93}
    text = " ".join(Page(render_page(replace(content, items=pd.DataFrame([row])))).text)
    assert f"How far items differ: {content.models[0].label}" in text
    assert "0.612 to 1.93" in text
    assert "How far items differ" not in " ".join(Page(render_page(content)).text)
    with pytest.raises(ValueError, match="items: columns"):
        render_page(replace(content, items=pd.DataFrame([row]).drop(columns="sd")))
