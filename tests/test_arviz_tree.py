"""The tree of a fit is an ordinary ArviZ tree: one value an observation, and ArviZ's numbers are kvfit's own."""

import pickle
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import arviz as az
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from invented_fits import invented_fit
from scipy.special import expit

import kvfit as kv
from kvfit.comparison.loo import loo_by_observation
from kvfit.inference import expanded, pointwise
from kvfit.inference.fit import observations_of_units
from kvfit.inference.hierarchy import build_pymc_model
from kvfit.inference.tree import observed_responses
from kvfit.recall.distribution import scored_matrix

mpl.use("agg")


def recognition_table() -> pd.DataFrame:
    """Three participants, 40 ratings each, half of the items strong."""
    rng = np.random.default_rng(1)
    rows = []
    for who in ("ann", "bob", "cid"):
        for k in range(40):
            rating = int(np.clip(round(rng.normal(2 + 1.2 * (k < 20), 1)), 1, 4))
            rows.append((who, f"w{k:02}", int(k < 20), rating, ("weak", "strong")[k % 2]))
    # the order of a file is not that of the data
    return pd.DataFrame(rows, columns=["subject", "item", "old", "response", "strength"]).sample(frac=1, random_state=2)


def recall_table() -> pd.DataFrame:
    """Two participants with lists of 4 and of 3 items, which the core reads in another order than the data."""
    rows = []
    for who in (1, 2):
        for label, recalls in ((1, "cxac"), (2, "ba"), (3, ""), (4, "dabc")):
            studied = "abcd" if label != 2 else "abc"
            rows += [(who, label, "study", i, f"{c}{label}") for i, c in enumerate(studied, start=1)]
            rows += [(who, label, "recall", i, f"{c}{label}") for i, c in enumerate(recalls, start=1)]
    table = pd.DataFrame(rows, columns=["subject", "list", "trial_type", "position", "item"])
    return table.assign(condition=np.where(table["list"] < 3, "first", "second"))


@pytest.fixture(scope="module")
def recognition() -> kv.RecognitionData:
    return kv.read_recognition(recognition_table(), scale="1-4")


@pytest.fixture(scope="module")
def recall() -> kv.FreeRecallData:
    return kv.read_free_recall(recall_table(), name="small")


FITS = {
    "recognition": ("evsd", "partial"),
    "recognition, persons alone": ("evsd", "none"),
    "recognition, one person": ("evsd", "complete"),
    "recognition, items": ("evsd(items=d_prime+criterion)", "partial"),
    "recognition, formula": ("evsd(d_prime ~ strength)", "partial"),
    "recognition, condition": ("uvsd(by=strength)", "partial"),
    "recall": ("serial_position", "partial"),
    "recall, persons alone": ("serial_position", "none"),
    "recall, one person": ("serial_position", "complete"),
    "recall, formula": ("serial_position(primacy ~ condition)", "partial"),
}


@pytest.fixture(scope="module")
def made(recognition: kv.RecognitionData, recall: kv.FreeRecallData) -> dict[str, kv.Fit]:
    data = {"recognition": recognition, "recall": recall}
    return {
        name: invented_fit(spec, data[name.split(",")[0]], pooling=pooling) for name, (spec, pooling) in FITS.items()
    }


def quiet(work: Callable[[], Any]) -> Any:
    """Without the warning that the weights of invented posteriors deserve."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated shape parameter")
        return work()


@pytest.mark.parametrize("name", FITS)
def test_the_log_likelihood_is_that_of_the_public_function(made: dict[str, kv.Fit], name: str) -> None:
    fit = made[name]
    found = fit.tree["log_likelihood"][fit.model.observed]
    assert found.dims == ("chain", "draw", fit.data.observation)
    for chain, draw in ((0, 3), (1, 17)):
        posterior = fit.tree["posterior"].to_dataset().isel(chain=chain, draw=draw)
        values = {p.name: posterior[p.name].to_numpy() for p in fit.model.parameters}
        effects = None
        if "item_effects" in posterior:
            effects = {e: posterior["item_effects"].sel(item_parameter=e).to_numpy() for e in ("d_prime", "criterion")}
        expected = kv.log_likelihood(fit.model, fit.data, values, item_effects=effects)
        np.testing.assert_allclose(found[chain, draw], expected, rtol=1e-12)
        assert found["subject"].to_numpy().tolist() == expected["subject"].astype(str).to_numpy().tolist()
        assert found["list_label"].to_numpy().tolist() == expected["list_label"].astype(str).to_numpy().tolist()


@pytest.mark.parametrize("name", FITS)
def test_arviz_gives_the_numbers_of_the_comparison(made: dict[str, kv.Fit], name: str) -> None:
    fit = made[name]
    ours, theirs = quiet(lambda: (loo_by_observation(fit), az.loo(fit.tree, pointwise=True)))
    row = kv.compare([fit], show_progress=False).table.iloc[0]
    assert theirs.n_data_points == ours.n_data_points == len(fit.data.participant)
    for mine in (ours.elpd, row["elpd"]):
        assert mine == pytest.approx(theirs.elpd, rel=1e-12)
    for mine in (ours.p, row["p"]):
        assert mine == pytest.approx(theirs.p, rel=1e-8)
    assert ours.se == pytest.approx(theirs.se, rel=1e-12)
    np.testing.assert_allclose(ours.elpd_i, theirs.elpd_i, rtol=1e-12)
    np.testing.assert_allclose(ours.pareto_k, theirs.pareto_k, rtol=1e-12)
    assert theirs.elpd_i.dims == (fit.data.observation,)


@pytest.mark.parametrize("task", ["recognition", "recall"])
def test_arviz_compares_as_kvfit_does(task: str, recognition: kv.RecognitionData, recall: kv.FreeRecallData) -> None:
    names, data = (
        (("evsd", "uvsd"), recognition) if task == "recognition" else (("random_recall", "serial_position"), recall)
    )
    fits = {name: invented_fit(name, data, seed=k) for k, name in enumerate(names)}
    ours = kv.compare(fits, show_progress=False).table.set_index("model")
    theirs = quiet(lambda: az.compare({name: fit.tree for name, fit in fits.items()}, round_to="none"))
    assert list(theirs.index) == list(ours.index)
    assert abs(ours["elpd_diff"].iloc[1]) > 0.01
    np.testing.assert_allclose(theirs["elpd"], ours["elpd"], rtol=1e-12)
    np.testing.assert_allclose(np.abs(theirs["elpd_diff"]), np.abs(ours["elpd_diff"]), rtol=1e-9, atol=1e-9)


def test_cells_are_kept_once_and_counted(made: dict[str, kv.Fit], recognition: kv.RecognitionData) -> None:
    fit = made["recognition"]
    # 3 participants x old or new x 4 categories
    trials = recognition.trials
    different = trials.groupby(["subject", "old", "response"]).size()
    assert fit.unit_log_likelihood.sizes["unit"] == len(different) < 24
    assert sorted(observations_of_units(fit).tolist()) == sorted(different.tolist())
    variable = fit.tree["log_likelihood"]["responses"].variable
    fit.tree["log_likelihood"]["responses"].to_numpy()
    assert not variable._in_memory  # what was read is not kept
    with_items = made["recognition, items"]
    assert observations_of_units(with_items).tolist() == [1] * recognition.n_trials


def test_expanded_values_are_indexed_like_any_array() -> None:
    kept, unit = np.arange(30.0).reshape(2, 5, 3), np.array([0, 2, 1, 1, 0, 2, 2])
    full = kept[..., unit]
    variable = xr.DataArray(expanded.expanded(kept, unit, ("chain", "draw", "trial")), {"draw": np.arange(5) * 2})
    for found, right in (
        (variable, full),
        (variable[1, 3], full[1, 3]),
        (variable[[1], [4, 0, 2], [3, 1]], full[[1]][:, [4, 0, 2]][:, :, [3, 1]]),
        (variable[:, ::-2, [3, 1]], full[:, ::-2][:, :, [3, 1]]),
        (variable[:, 4, 2], full[:, 4, 2]),
        (variable.sel(draw=[6, 2]), full[:, [3, 1]]),
        (variable.stack(sample=("chain", "draw")), full.reshape(10, 7).T),  # noqa: PD013
        (
            variable.isel(chain=xr.DataArray([0, 1], dims="z"), draw=xr.DataArray([4, 1], dims="z")),
            full[[0, 1], [4, 1]],
        ),
        (pickle.loads(pickle.dumps(variable)) + 1.0, full + 1.0),
        (variable.copy(deep=True), full),
    ):
        np.testing.assert_array_equal(found, right)


def test_a_read_that_would_not_fit_is_refused_with_a_way_out(
    made: dict[str, kv.Fit], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = made["recognition"]  # 120 trials x 100 draws
    monkeypatch.setattr(expanded, "MOST_NUMBERS", 120 * 50)
    tree = fit.tree
    assert "responses" in repr(tree)  # which reads nothing
    with pytest.raises(MemoryError, match=r"120 observations at 100 draws.*fit\.thinned_tree\(2\)"):
        az.loo(tree)
    assert quiet(lambda: az.loo(fit.thinned_tree(2))).n_samples == 50
    assert np.isfinite(kv.compare([fit], show_progress=False).table["elpd"].iloc[0])


def test_where_only_some_draws_have_a_log_likelihood_the_numbers_are_right(
    recall: kv.FreeRecallData, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = invented_fit("serial_position", recall, draws=101)
    monkeypatch.setattr(pointwise, "KEPT_NUMBERS", 8 * 2 * 101 // 3 + 1)
    fit = invented_fit("serial_position", recall, draws=101)
    tree = fit.tree
    assert tree["log_likelihood"]["draw"].to_numpy().tolist() == list(range(0, 101, 3))
    assert tree["posterior"].sizes["draw"] == 101
    np.testing.assert_array_equal(
        tree["log_likelihood"]["recalls"], whole.tree["log_likelihood"]["recalls"].isel(draw=slice(None, None, 3))
    )
    ours = quiet(lambda: loo_by_observation(fit))
    same_draws, plain = (quiet(lambda t=t: az.loo(t, pointwise=True)) for t in (fit.thinned_tree(), tree))
    assert fit.thinned_tree()["posterior"]["draw"].to_numpy().tolist() == list(range(0, 101, 3))
    assert ours.elpd == pytest.approx(same_draws.elpd, rel=1e-12)
    np.testing.assert_allclose(ours.pareto_k, same_draws.pareto_k, rtol=1e-12)
    # the efficiency of all draws moves the length of the tails, no more
    assert plain.elpd == pytest.approx(ours.elpd, abs=0.2)


def test_thinning_keeps_what_all_groups_have(made: dict[str, kv.Fit]) -> None:
    tree = made["recall"].with_predictive(draws=20).thinned_tree(2)
    kept = tree["posterior_predictive"]["draw"].to_numpy()
    assert kept.size == 5  # of 10 a chain
    for group in ("posterior", "sample_stats", "log_likelihood"):
        np.testing.assert_array_equal(tree[group]["draw"], kept)
    with pytest.raises(ValueError, match="every"):
        made["recall"].thinned_tree(0)


def test_observed_recalls_are_those_that_are_scored(recall: kv.FreeRecallData, made: dict[str, kv.Fit]) -> None:
    observed = made["recall"].tree["observed_data"]
    # of "cxac" the intrusion x and the second c are not scored
    expected = [[3, 1, 0, 0], [2, 1, 0, 0], [0, 0, 0, 0], [4, 1, 2, 3]]
    assert observed["recalls"].to_numpy().tolist() == expected * 2
    assert observed["n_recalled"].to_numpy().tolist() == [2, 2, 0, 4] * 2
    assert observed["subject"].to_numpy().tolist() == ["1"] * 4 + ["2"] * 4
    assert observed["output"].to_numpy().tolist() == [1, 2, 3, 4]
    constant = made["recall"].tree["constant_data"]
    assert constant["list_length"].to_numpy().tolist() == [4, 3, 4, 4] * 2
    assert constant["participant_index"].to_numpy().tolist() == [0] * 4 + [1] * 4
    assert constant["condition"].to_numpy().tolist() == ["first", "first", "second", "second"] * 2


def test_lists_of_the_pymc_model_carry_the_numbers_of_the_data(
    recall: kv.FreeRecallData, made: dict[str, kv.Fit]
) -> None:
    model = kv.get_model("serial_position")
    design = model.design(recall)
    assert design.order.tolist() != list(range(8))  # the core puts lists of one length together
    numbers = list(build_pymc_model(model, recall, design).coords["list"])
    observed = made["recall"].tree["observed_data"]["recalls"]
    np.testing.assert_array_equal(observed.sel(list=numbers), scored_matrix(design))


def test_observed_responses_are_those_of_the_trials(recognition: kv.RecognitionData, made: dict[str, kv.Fit]) -> None:
    tree, trials = made["recognition"].tree, recognition.trials
    observed, constant = tree["observed_data"], tree["constant_data"]
    assert observed["responses"].to_numpy().tolist() == trials["response"].tolist()
    assert observed["item_label"].to_numpy().tolist() == trials["item"].tolist()
    table = recognition_table().set_index(["subject", "item"])["response"]
    for who, item, response in zip(
        *(observed[v].to_numpy() for v in ("subject", "item_label", "responses")), strict=True
    ):
        assert response == table[who, item]
    assert constant["old"].to_numpy().tolist() == trials["old"].tolist()
    assert constant["strength"].to_numpy().tolist() == trials["strength"].tolist()
    assert recognition.items[constant["item_index"].to_numpy()].tolist() == trials["item"].tolist()


def test_the_population_stands_on_the_natural_scale_too(made: dict[str, kv.Fit]) -> None:
    posterior = made["recall"].tree["posterior"]
    mean, natural = posterior["population_mean"], posterior["population"]
    assert natural.dims == ("chain", "draw", "parameter")
    # a share by the logistic function, a weight by the softplus, a distance of criteria by the exponential
    np.testing.assert_allclose(natural.sel(parameter="rho_end"), expit(mean.sel(parameter="rho_end")), rtol=1e-12)
    np.testing.assert_allclose(
        natural.sel(parameter="recency"), np.log1p(np.exp(mean.sel(parameter="recency"))), rtol=1e-12
    )
    other = made["recognition"].tree["posterior"].to_dataset().sel(parameter="spacing_2")
    np.testing.assert_allclose(other["population"], np.exp(other["population_mean"]), rtol=1e-12)
    assert "population" not in made["recall, persons alone"].tree["posterior"]
    assert "population" in made["recall, one person"].tree["posterior"]
    table = made["recall"].population().set_index("parameter")["mean"]
    np.testing.assert_allclose(table, natural.mean(("chain", "draw")).sel(parameter=list(table.index)))


@pytest.mark.parametrize(
    "name", ["recognition", "recognition, items", "recall", "recall, one person", "recall, persons alone"]
)
def test_arviz_works_on_the_tree_without_warnings(made: dict[str, kv.Fit], name: str) -> None:
    fit = made[name].with_predictive(draws=60)
    table = az.summary(fit.tree)
    assert np.isfinite(table["mean"].astype(float)).all()
    if "population_mean" in fit.tree["posterior"]:
        first = fit.model.parameters[0].name
        assert f"population[{first}]" in az.summary(fit.tree, var_names=["population"]).index
    az.plot_trace_dist(fit.tree, var_names=[p.name for p in fit.model.parameters[:2]])
    az.plot_ppc_dist(fit.tree, kind="ecdf")
    az.plot_ppc_dist(fit.tree, kind="ecdf", var_names=list(fit.tree["observed_data"].data_vars)[-1:])
    mpl.pyplot.close("all")


def test_leave_one_out_predictions_of_all_draws(made: dict[str, kv.Fit]) -> None:
    fit = made["recognition"].with_predictive(draws=None)
    assert fit.tree["posterior_predictive"].sizes["draw"] == 50
    found, _ = quiet(lambda: az.loo_expectations(fit.tree))
    assert found.dims == ("trial",)
    assert (found > 1).all()
    assert (found < 4).all()


def test_predictive_draws_belong_to_the_draws_of_their_labels(recognition: kv.RecognitionData) -> None:
    fit = invented_fit("evsd", recognition, draws=6)
    posterior = fit.sampled["posterior"].to_dataset()
    # chain 0 calls everything new, chain 1 everything old, but for draw 4, where it is the other way round
    criterion = np.where(np.arange(2)[:, None] == 0, 40.0, -40.0) * np.where(np.arange(6) == 4, -1.0, 1.0)
    posterior["criterion"] = posterior["criterion"].copy(data=np.repeat(criterion[..., None], 3, axis=2))
    groups = {f"/{name}": node.to_dataset() for name, node in fit.sampled.children.items()}
    extreme = replace(fit, sampled=xr.DataTree.from_dict({**groups, "/posterior": posterior}))
    responses = extreme.with_predictive(draws=None).tree["posterior_predictive"]["responses"]
    assert responses.sizes == {"chain": 2, "draw": 6, "trial": 120}
    old = (responses > 2).all("trial").to_numpy()
    np.testing.assert_array_equal(old, criterion < 0)
    np.testing.assert_array_equal((responses <= 2).all("trial").to_numpy(), criterion > 0)
    some = extreme.with_predictive(draws=5).tree["posterior_predictive"]["responses"]
    assert some["draw"].to_numpy().tolist() == [0, 2, 5]  # three of each chain, evenly
    one = fit.with_predictive(draws=4, seed=1).tree["posterior_predictive"]["responses"]
    np.testing.assert_array_equal(one, fit.with_predictive(draws=4, seed=1).tree["posterior_predictive"]["responses"])
    assert not np.array_equal(one, fit.with_predictive(draws=4, seed=2).tree["posterior_predictive"]["responses"])
    with pytest.raises(ValueError, match="draws"):
        fit.with_predictive(draws=0)


def test_simulated_recalls_are_counted(made: dict[str, kv.Fit]) -> None:
    group = made["recall"].with_predictive(draws=40).tree["posterior_predictive"]
    recalls, counts = group["recalls"].to_numpy(), group["n_recalled"].to_numpy()
    assert recalls.shape == (2, 20, 8, 4)
    np.testing.assert_array_equal(counts, (recalls > 0).sum(axis=-1))
    assert recalls[:, :, [1, 5]].max() == 3  # lists of three items
    assert recalls.max() == 4


def test_prior_draws_are_of_the_model_that_was_fitted(made: dict[str, kv.Fit]) -> None:
    fit = made["recall"].with_prior(draws=400, seed=3)
    prior, posterior = fit.tree["prior"], fit.tree["posterior"]
    assert set(prior.data_vars) == set(posterior.data_vars)
    assert prior.sizes["draw"] == 400
    for p in fit.model.parameters:
        centre = prior["population_mean"].sel(parameter=p.name).to_numpy().ravel()
        assert abs(centre.mean() - p.location) < 4 * p.scale / 20
        assert abs(centre.std() / p.scale - 1) < 0.15
        # one person's value spreads by the population's mean and by the spread between persons, half-normal with .6
        person = p.to_unconstrained(prior[p.name].isel(participant=0).to_numpy().ravel())
        expected = np.sqrt(1 + 0.6**2) if p.varies else 1.0
        assert abs(person.std() / p.scale / expected - 1) < 0.2
    group = fit.tree["prior_predictive"]
    assert group["recalls"].sizes == {"chain": 1, "draw": 400, "list": 8, "output": 4}
    assert 0 < float(group["n_recalled"].mean()) < 4
    with pytest.raises(ValueError, match="draws"):
        fit.with_prior(draws=0)


@pytest.mark.parametrize("task", ["recognition", "recall"])
def test_a_tree_is_written_and_read_as_any_other(made: dict[str, kv.Fit], task: str, tmp_path: Path) -> None:
    fit = made[task].with_predictive(draws=10)
    fit.tree.to_netcdf(tmp_path / "tree.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "tree.nc", engine="h5netcdf") as opened:
        again = opened.load()
    assert set(again.children) == set(fit.tree.children)
    np.testing.assert_array_equal(
        again["log_likelihood"][fit.model.observed], fit.tree["log_likelihood"][fit.model.observed]
    )
    # and is a fit's tree again
    same = replace(fit, sampled=again)
    elpd = [quiet(lambda f=f: loo_by_observation(f)).elpd for f in (same, fit)]
    assert elpd[0] == pytest.approx(elpd[1], rel=1e-12)
    np.testing.assert_array_equal(observed_responses(fit.data), again["observed_data"][fit.model.observed])


def test_draws_of_a_users_own_model_become_the_same_tree(made: dict[str, kv.Fit]) -> None:
    fit = made["recognition"]
    draws = xr.DataTree.from_dict({"/posterior": fit.sampled["posterior"].to_dataset().assign(slope=1.5)})
    tree = kv.arviz_tree("evsd", fit.data, draws)
    np.testing.assert_array_equal(tree["log_likelihood"]["responses"], fit.tree["log_likelihood"]["responses"])
    assert "slope" in tree["posterior"]
    posterior = draws["posterior"].to_dataset()
    short = posterior.drop_vars(["criterion", "spacing_1"]).assign(
        spacing_1=posterior["population_mean"].sum("parameter")
    )
    with pytest.raises(ValueError, match=r"(?s)criterion: missing.*spacing_1: expected dimensions"):
        kv.arviz_tree("evsd", fit.data, xr.DataTree.from_dict({"/posterior": short}))
    mixed = posterior.isel(participant=[1, 0, 2])
    with pytest.raises(ValueError, match="participant: expected the labels of the data in their order"):
        kv.arviz_tree("evsd", fit.data, xr.DataTree.from_dict({"/posterior": mixed}))
