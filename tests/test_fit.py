"""The path from data to a comparison, on small simulated data."""

import json
import warnings
from dataclasses import replace
from pathlib import Path

import arviz as az
import numpy as np
import pandas as pd
import pymc as pm
import pytest
from study_lists import study_table

import kvfit as kv
from kvfit.comparison.new_person import new_person, predict_left_out, repaired
from kvfit.comparison.person_marginals import person_marginals
from kvfit.comparison.population_draws import population_draws
from kvfit.comparison.same_responses import DifferentResponsesError
from kvfit.inference.diagnostics import Diagnostics
from kvfit.inference.hierarchy import build_pymc_model, estimate_curvature
from kvfit.inference.settings import FitSettings
from kvfit.kernels.person_coordinates import displacement, products
from kvfit.recall.design import recall_design
from kvfit.recall.likelihood import cell_tables
from kvfit.sealed import sealed
from kvfit.store import StoreError

SETTINGS = {"draws": 60, "tune": 100, "chains": 2, "cores": 2, "seed": 3, "show_progress": False}
TRUTH = {
    "recency": 3.0,
    "rho_end": 0.7,
    "primacy": 1.2,
    "rho_start": 0.5,
    "stop_probability": 0.6,
    "stop_slope": 0.4,
}


@pytest.fixture(scope="session")
def data() -> kv.FreeRecallData:
    design = kv.read_free_recall(study_table(), name="small")
    return kv.simulate("serial_position", design, TRUTH, seed=11)


@pytest.fixture(scope="session")
def fits(data: kv.FreeRecallData, tmp_path_factory: pytest.TempPathFactory) -> list[kv.Fit]:
    store = tmp_path_factory.mktemp("store")
    return [kv.fit(model, data, store=store, **SETTINGS) for model in ("random_recall", "serial_position")]


def test_the_posterior_is_labelled_and_on_the_natural_scale(fits: list[kv.Fit], data: kv.FreeRecallData) -> None:
    fit = fits[1]
    posterior = fit.tree["posterior"]
    assert dict(posterior.sizes)["participant"] == data.n_participants
    for p in fit.model.parameters:
        assert p.contains(posterior[p.name].to_numpy()).all()
    ll = fit.tree["log_likelihood"]["recalls"]
    assert ll.dims == ("chain", "draw", "list")
    assert ll["list_label"].to_numpy().tolist() == data.lists["list"].astype(str).tolist()
    table = fit.population()
    assert (table["lower"] <= table["mean"]).all()
    assert (table["mean"] <= table["upper"]).all()


def test_the_stored_log_likelihood_is_that_of_the_public_function(fits: list[kv.Fit], data: kv.FreeRecallData) -> None:
    fit = fits[1]
    one = {p.name: fit.tree["posterior"][p.name].to_numpy()[1, 7] for p in fit.model.parameters}
    expected = kv.log_likelihood(fit.model, data, one).to_numpy()
    np.testing.assert_allclose(fit.tree["log_likelihood"]["recalls"].to_numpy()[1, 7], expected, rtol=1e-12)


def test_the_same_request_is_found_again_and_another_is_not(fits: list[kv.Fit], data: kv.FreeRecallData) -> None:
    fit = fits[1]
    assert fit.path is not None
    before = (fit.path / "fit.nc").stat().st_mtime_ns
    again = kv.fit("serial_position", data, store=fit.path.parent, **SETTINGS)
    assert again.path == fit.path
    assert (fit.path / "fit.nc").stat().st_mtime_ns == before
    np.testing.assert_array_equal(again.tree["posterior"]["population_mean"], fit.tree["posterior"]["population_mean"])
    assert again.data.fingerprint == data.fingerprint
    manifest = json.loads((fit.path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["seed"] == 3
    assert manifest["data"]["fingerprint"] == data.fingerprint
    assert "pymc" in manifest["versions"]


def test_a_folder_that_is_no_fit_is_refused(tmp_path: Path, fits: list[kv.Fit]) -> None:
    with pytest.raises(StoreError, match="not a fit"):
        kv.open_fit(tmp_path)
    assert fits[0].path is not None
    copy = tmp_path / "changed"
    copy.mkdir()
    for file in fits[0].path.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["data"]["fingerprint"] = "0" * 64
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(StoreError, match="edited or damaged"):
        kv.open_fit(copy)
    (copy / "manifest.json").write_text(json.dumps(sealed(manifest)), encoding="utf-8")
    with pytest.raises(StoreError, match="other responses"):
        kv.open_fit(copy)


def test_nothing_is_left_behind_when_writing_fails(
    data: kv.FreeRecallData, fits: list[kv.Fit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kvfit import store

    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", broken)
    with pytest.raises(OSError, match="disk full"):
        store.save_fit(fits[0], tmp_path, "abc")
    assert list(tmp_path.iterdir()) == []


def test_the_true_model_wins_and_the_table_is_complete(fits: list[kv.Fit], data: kv.FreeRecallData) -> None:
    points = [kv.point_fit(f.model, data, starts=2, show_progress=False) for f in fits]
    comparison = kv.compare(fits, point_fits=points)
    table = comparison.table
    assert table["model"].tolist() == ["serial_position", "random_recall"]
    assert table["elpd_diff"].iloc[0] == 0.0
    assert table["elpd_diff"].iloc[1] < -2 * table["dse"].iloc[1]
    assert table["n_best"].sum() == data.n_participants
    assert table["aic"].iloc[0] < table["aic"].iloc[1]
    assert table["weight"].sum() == pytest.approx(1.0)
    people = comparison.participants
    for model, total in people.groupby("model")["elpd_diff"].sum().items():
        assert total == pytest.approx(float(table.set_index("model").loc[str(model), "elpd_diff"]))
    # four people: a lead of two to three errors is not enough
    assert "serial_position leads random_recall by " in comparison.verdict()
    assert "Student's t for n = 4" in comparison.verdict()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Estimated shape parameter")
        theirs = {f.label: az.loo(f.tree).elpd for f in fits}
    assert table["elpd"].tolist() == pytest.approx([theirs[str(label)] for label in table["model"]], rel=1e-12)


def test_different_responses_are_refused_with_the_difference(fits: list[kv.Fit], data: kv.FreeRecallData) -> None:
    changed = data.responses.copy()
    changed[0] = 0
    changed[0, 0] = 3
    other = kv.fit("random_recall", data.with_responses(changed), **SETTINGS)
    with pytest.raises(
        DifferentResponsesError, match="1 lists with other scored responses, first participant 1, list 1"
    ):
        kv.compare({"a": fits[0], "b": other})
    fewer = kv.fit("random_recall", data.select(participants=3), **SETTINGS)
    with pytest.raises(DifferentResponsesError, match=r"1 participants only in the latter \(4\)"):
        kv.compare({"a": fits[0], "b": fewer})
    with pytest.raises(ValueError, match="same model and options"):
        kv.compare([fits[0], fits[0]])


def test_settings_are_checked_all_at_once(data: kv.FreeRecallData) -> None:
    with pytest.raises(ValueError, match=r"draws.*\n.*target_accept") as caught:
        FitSettings(draws=0, target_accept=2.0, sampler="gibbs")
    assert "sampler" in str(caught.value)
    with pytest.raises(ValueError, match="unknown drws"):
        kv.fit("random_recall", data, drws=3)


def test_diagnostics_speak() -> None:
    good = Diagnostics(0, 1000, 4, 1.002, 900, 800, "mu[rho]")
    assert good.passed
    assert "went well" in good.verdict()
    bad = Diagnostics(7, 1000, 4, 1.2, 50, 40, "mu[rho]")
    assert len(bad.problems) == 4
    assert "mu[rho]" in bad.verdict()


@pytest.mark.parametrize("parameterisation", ["preconditioned", "noncentred", "centred"])
def test_parameterisations_are_one_model(data: kv.FreeRecallData, parameterisation: str) -> None:
    """The density of (mu, sigma, theta) does not depend on the coordinates, once the Jacobian is taken out."""
    model = kv.get_model("serial_position")
    design = recall_design(data)
    curvature = estimate_curvature(model, design, show_progress=False)
    built = build_pymc_model(model, data, design, parameterisation=parameterisation, curvature=curvature)  # type: ignore[arg-type]
    rng = np.random.default_rng(5)
    mu = np.array([p.location for p in model.parameters])
    varies = np.array([p.varies for p in model.parameters])
    assert not varies.all()
    sigma = rng.uniform(0.2, 0.8, int(varies.sum()))
    person_mu = mu[varies]
    effects = person_mu + sigma * rng.normal(size=(data.n_participants, sigma.size))
    theta = np.tile(mu, (data.n_participants, 1))
    theta[:, varies] = effects
    name = "standardised_effects" if parameterisation == "noncentred" else "person_effects"
    rv = built[name]
    point = {"population_mean": mu, "population_sd_log__": np.log(sigma)}
    if parameterisation == "preconditioned":
        transform = built.rvs_to_transforms[rv]
        point[built.rvs_to_values[rv].name] = transform.forward(effects, *rv.owner.inputs[:-2], mu, sigma).eval()
    else:
        point[name] = (effects - person_mu) / sigma if parameterisation == "noncentred" else effects
    values = {p.name: p.to_natural(theta[:, i]) for i, p in enumerate(model.parameters)}
    expected = kv.log_likelihood(model, data, values).to_numpy()[design.order]
    found = built.compile_logp(built["recalls"], sum=False, mode="FAST_COMPILE")(point)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    # prior of theta given mu and sigma, with the Jacobian of the coordinates
    got = float(built.compile_logp(rv, jacobian=True, mode="FAST_COMPILE")(point))
    density = float(
        -0.5 * (((effects - person_mu) / sigma) ** 2 + np.log(2 * np.pi)).sum() - np.log(sigma).sum() * len(theta)
    )
    if parameterisation == "centred":
        jacobian = 0.0
    elif parameterisation == "noncentred":
        jacobian = float(np.log(sigma).sum() * len(theta))
    else:
        scaled = sigma[:, None] * curvature.precision * sigma[None, :] + np.eye(sigma.size)
        moved = products(displacement(mu[~varies], curvature.mu[~varies], curvature.reach))
        deformed = len(theta) * np.einsum("f,fkk->", moved, curvature.deformation)
        jacobian = float(np.log(sigma).sum() * len(theta) - 0.5 * np.linalg.slogdet(scaled)[1].sum() + deformed)
    assert got == pytest.approx(density + jacobian, rel=1e-9)


def test_the_pymc_model_is_ordinary(data: kv.FreeRecallData) -> None:
    """Prior predictive draws come from the distribution's own random function, and PyMC sees one value a list."""
    model = kv.get_model("serial_position")
    design = recall_design(data)
    built = build_pymc_model(model, data, design)
    with built, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        prior = pm.sample_prior_predictive(draws=5, random_seed=1)
    drawn = prior["prior_predictive"]["recalls"].to_numpy()
    assert drawn.shape == (1, 5, data.n_lists, 8)
    assert drawn.min() >= 0
    assert drawn.max() <= 8
    for row in drawn.reshape(-1, 8):
        recalled = row[row > 0]
        assert len(set(recalled)) == len(recalled)
        assert (row[len(recalled) :] == 0).all()


def test_mixed_list_lengths_keep_the_data_order() -> None:
    design = kv.read_free_recall(study_table(lengths=(8, 5)), name="mixed")
    data = kv.simulate("serial_position", design, TRUTH, seed=2)
    layout = recall_design(data)
    model = kv.get_model("serial_position")
    values = {k: np.full(data.n_participants, v) for k, v in TRUTH.items()}
    expected = kv.log_likelihood(model, data, TRUTH).to_numpy()
    got = model.log_likelihood(layout, {k: v[None] for k, v in values.items()})[0]
    back = np.empty_like(got)
    back[layout.order] = got
    np.testing.assert_allclose(back, expected)
    single = [
        float(kv.log_likelihood(model, data.select(query=f"list == {label} and subject == 1"), TRUTH).item())
        for label in (1, 2, 3)
    ]
    np.testing.assert_allclose(expected[:3], single)
    assert cell_tables(model, layout, values)[0].shape[0] == 2 * data.n_participants


def first_recall_probability(values: dict[str, float]) -> np.ndarray:
    """Of every position of a list of 8, written out from the model's equation."""
    position = np.arange(1, 9)
    strength = values["recency"] / (1 - values["rho_end"] ** 4) * values["rho_end"] ** (8 - position)
    strength = strength + values["primacy"] / (1 - values["rho_start"] ** 3) * values["rho_start"] ** (position - 1)
    probability: np.ndarray = np.exp(strength) / np.exp(strength).sum()
    return probability


def test_maximum_likelihood_finds_the_truth() -> None:
    design = kv.read_free_recall(study_table(n_participants=1, n_lists=400), name="many")
    data = kv.simulate("serial_position", design, TRUTH, seed=4)
    found = kv.point_fit("serial_position", data, starts=3, show_progress=False)
    row = found.table.iloc[0]
    assert row["log_likelihood"] >= float(kv.log_likelihood("serial_position", data, TRUTH).sum())
    assert row["failed_starts"] == 0
    assert row["agreeing_starts"] >= 2
    # The strengths themselves are recovered less well than what they predict.
    estimated = first_recall_probability({p.name: row[p.name] for p in found.model.parameters})
    np.testing.assert_allclose(estimated, first_recall_probability(TRUTH), atol=0.03)
    assert row["aic"] == pytest.approx(2 * 6 - 2 * row["log_likelihood"])


def test_chains_that_failed_are_compared_one_by_one(fits: list[kv.Fit]) -> None:
    sound, failed = replace(fits[0]), replace(fits[1])
    good = Diagnostics(0, 60, SETTINGS["chains"], 1.002, 900, 800, "mu[rho]")
    sound.__dict__["diagnostics"], failed.__dict__["diagnostics"] = good, replace(good, divergences=3)
    comparison = kv.compare([sound, failed], show_progress=False)
    (label,) = comparison.chain_elpd
    assert label == failed.label
    by_chain = comparison.chain_elpd[label]
    assert by_chain.size == SETTINGS["chains"]
    assert len(set(by_chain)) == by_chain.size
    elpd = comparison.table.set_index("model")["elpd"]
    np.testing.assert_allclose(by_chain, elpd[label], atol=10)
    lead = by_chain - elpd[fits[0].label]
    words = comparison.verdict()
    low, high = f"{lead.min():.0f}", f"{lead.max():.0f}"
    how_far = f"about {low}" if low == high else f"{low} to {high}"
    assert f"Each chain of {label} alone puts it {how_far} ahead of random_recall." in words
    torn = replace(comparison, chain_elpd={label: elpd["random_recall"] + np.array([-3.0, 5.0])})
    assert (
        "chains disagree about the comparison too: serial_position minus random_recall is -3.0 to 5.0" in torn.verdict()
    )
    assert not kv.compare([sound, failed], unit="participant", show_progress=False).chain_elpd


def test_predictions_fit_the_design(fits: list[kv.Fit], data: kv.FreeRecallData) -> None:
    drawn = kv.predict(fits[1], draws=7, seed=2)
    assert drawn.shape == (7, data.n_lists, 8)
    np.testing.assert_array_equal(drawn, kv.predict(fits[1], draws=7, seed=2))
    assert not np.array_equal(drawn, kv.predict(fits[1], draws=7, seed=3))


def test_the_report_is_written_from_fits(fits: list[kv.Fit], tmp_path: Path) -> None:
    path = kv.report(fits, tmp_path / "deep" / "report.html", predictive_draws=20, show_progress=False)
    page = path.read_text(encoding="utf-8")
    assert "serial_position" in page
    assert "provisional" in page or "predicts a new list" in page
    assert kv.open_fit(fits[0].path).data.fingerprint[:12] in page  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def new_people(fits: list[kv.Fit]) -> kv.Comparison:
    return kv.compare(fits, unit="participant", evidence=True, show_progress=False)


def test_new_people_are_predicted_worse_than_known_ones(new_people: kv.Comparison, fits: list[kv.Fit]) -> None:
    known = kv.compare(fits).table.set_index("model")
    table = new_people.table.set_index("model")
    assert new_people.table["model"].iloc[0] == "serial_position"
    assert (table["elpd"] < known["elpd"].loc[table.index]).all()
    assert (table["mc_error"] < 2.0).all()
    for label, found in zip(table.index, new_people.new_persons, strict=True):
        assert len(found.table) == 4
        assert found.table["elpd"].sum() == pytest.approx(table.loc[label, "elpd"])
        assert (found.table["effective_points"] > 10).all()
        # the population's values are marginal likelihoods: worth less than the evidence with everything learnt
        assert table.loc[label, "log_evidence"] < table.loc[label, "elpd"] + 5
    assert new_people.participants["se"].isna().all()
    assert "By log evidence serial_position leads random_recall" in str(new_people)


def test_integrated_likelihood_is_the_average_over_persons(fits: list[kv.Fit]) -> None:
    fit = fits[1]
    population = population_draws(fit).thinned(6)
    found = person_marginals(fit, population, points=20_000, show_progress=False)
    rng = np.random.default_rng(5)
    for draw in (0, 3):
        # plain Monte Carlo from the population, scored by the public function
        n = 4000
        theta = np.tile(population.mean[draw], (n, 1))
        theta[:, population.varies] += population.spread[draw] * rng.normal(size=(n, int(population.varies.sum())))
        values = {p.name: p.to_natural(theta[:, [i]]) for i, p in enumerate(fit.model.parameters)}
        one = fit.design.one_participant(0)
        ll = fit.model.log_likelihood(one, values).sum(axis=1)
        top = ll.max()
        weight = np.exp(ll - top)
        error = weight.std() / weight.mean() / np.sqrt(n)
        assert error < 0.3
        assert found.log_value[draw, 0] == pytest.approx(top + np.log(weight.mean()), abs=4 * error)


def test_who_is_left_out_is_predicted_by_the_others(fits: list[kv.Fit]) -> None:
    assert fits[0].path is not None
    store = fits[0].path.parent
    found = predict_left_out(fits[0], [1], store=store, show_progress=False)
    assert found["participant"].tolist() == [fits[0].data.participants[1]]
    assert found["refitted"].all()
    integrated = new_person(fits[0], show_progress=False)
    assert abs(found["elpd"][0] - integrated.table["elpd"][1]) < 3.0
    # as if only this person's weights were unreliable: the refit is found again in the store
    k = integrated.loo.pareto_k.copy(data=[0.0, 0.9, 0.0, 0.0])
    whole = repaired(
        fits[0], replace(integrated, loo=replace(integrated.loo, pareto_k=k)), store=store, show_progress=False
    )
    assert whole.table["refitted"].tolist() == [False, True, False, False]
    assert whole.table["elpd"][1] == pytest.approx(found["elpd"][0])
    assert float(whole.loo.elpd) == pytest.approx(whole.table["elpd"].sum())
    with pytest.raises(ValueError, match="a population needs at least 2"):
        predict_left_out(fits[0], [0, 1, 2], store=store, show_progress=False)


def test_the_page_says_what_a_new_person_means(new_people: kv.Comparison, tmp_path: Path) -> None:
    path = kv.report(new_people, tmp_path / "new.html", predictive_draws=20, show_progress=False)
    page = path.read_text(encoding="utf-8")
    for words in ("new person", "integrated out", "Log evidence", "Monte Carlo error", "are better predicted by"):
        assert words in page
    assert "with 1 standard error over" not in page


def test_units_that_make_no_sense_are_refused(fits: list[kv.Fit], data: kv.FreeRecallData) -> None:
    with pytest.raises(ValueError, match="expected one of trial, participant"):
        kv.compare(fits, unit="person")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="only with unit='participant'"):
        kv.compare(fits, refit=True)
    alone = replace(fits[0], settings=FitSettings(pooling="none"))
    with pytest.raises(ValueError, match="further persons"):
        kv.compare([alone, fits[1]], unit="participant")
