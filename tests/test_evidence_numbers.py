"""Numbers of evidence worked out by hand: one person, a hierarchy, model frequencies, and what is said of them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

from kvfit.comparison import hierarchical_evidence as hierarchical
from kvfit.comparison import person_evidence as of_persons
from kvfit.comparison.bridge import BridgeEstimate
from kvfit.comparison.evidence import Evidence, _table, prior_sensitive
from kvfit.comparison.group_selection import GroupSelection, group_selection
from kvfit.comparison.person_marginals import PersonMarginals
from kvfit.comparison.population_draws import PopulationDraws
from kvfit.parameters import Parameter

# one person

#: a person whose log-likelihood is normal in two values that hang together, and whose priors lie elsewhere
SEEN, NOISE = np.array([1.4, -0.5]), np.array([[0.3, 0.1], [0.1, 0.2]])
LOCATION, SCALE = np.array([0.5, -1.0]), np.array([0.8, 1.5])


def screen(points: np.ndarray) -> np.ndarray:
    return -np.atleast_1d(multivariate_normal.logpdf(SEEN - points, np.zeros(2), NOISE))


def person() -> tuple[Any, np.ndarray, np.ndarray, np.ndarray]:
    """The objective, the posterior mode, and the quadratic of the log-likelihood."""
    precision = np.linalg.inv(NOISE)
    prior = np.diag(SCALE**-2.0)
    mode = np.linalg.solve(precision + prior, precision @ SEEN + prior @ LOCATION)
    objective = SimpleNamespace(screen=screen, location=LOCATION, scale=SCALE)
    return objective, mode, precision, precision @ SEEN


def integral(factor: float) -> float:
    """What is seen is normal around the prior's centre, with both covariances."""
    return float(multivariate_normal.logpdf(SEEN, LOCATION, NOISE + np.diag((factor * SCALE) ** 2)))


WANTED = [integral(1.0), integral(0.5), integral(2.0)]


def test_laplace_is_exact_for_a_normal_person() -> None:
    found = of_persons._laplace(*person())
    assert [found[name] for name in ("log_evidence", "half_prior", "double_prior")] == pytest.approx(WANTED, abs=1e-9)


def test_importance_sampling_comes_as_near_as_it_says() -> None:
    objective, mode, precision, _ = person()
    found = of_persons._importance(objective, mode, precision, np.random.default_rng(1))
    # of 4096 points from a wider t distribution most count
    assert found["log_evidence"] == pytest.approx(WANTED[0], abs=5 * found["error"])
    assert found["half_prior"] == pytest.approx(WANTED[1], abs=0.1)
    assert found["double_prior"] == pytest.approx(WANTED[2], abs=0.1)
    assert 2000 < found["effective_points"] < 4096
    assert found["error"] == pytest.approx(np.sqrt(1 / found["effective_points"] - 1 / 4096))
    # weights under the model's own prior are bounded
    assert found["pareto_k"] < 0.3


def test_persons_are_told_apart_and_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Person j's responses lie at j; the method gets each person's own mode and quadratic."""
    parameters = (Parameter("a", "a", "real", (-2.0, 2.0), "a mean", "for a test"),)

    class Objective:
        def __init__(self, model: Any, design: float, prior: Any = None) -> None:
            self.at, self.prior, self.location, self.scale = design, prior, np.zeros(1), np.ones(1)

        def screen(self, points: np.ndarray) -> np.ndarray:
            return -norm.logpdf(points[:, 0], self.at, 0.5)

    calls: list[Any] = []

    def best_start(objective: Any, starts: int, rng: np.random.Generator) -> np.ndarray:
        calls.append((objective.at, starts, objective.prior is not None, rng.integers(1000)))
        return np.array([objective.at / 1.25])

    def quadratic(objective: Any, mode: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert objective.prior is None
        return np.array([[4.0]]), np.array([4.0 * objective.at])

    monkeypatch.setattr(of_persons, "PersonObjective", Objective)
    monkeypatch.setattr(of_persons, "best_start", best_start)
    monkeypatch.setattr(of_persons, "quadratic", quadratic)
    design = SimpleNamespace(one_participant=lambda person: float(person))
    model: Any = SimpleNamespace(label="m", parameters=parameters, design=lambda data, similarity: design)
    data = SimpleNamespace(n_participants=3, participants=np.array(["x", "y", "z"]))

    def found(method: Any = "laplace", **options: Any) -> pd.DataFrame:
        return of_persons.person_evidence(model, data, method=method, show_progress=False, **options)

    table = found()
    assert table["participant"].tolist() == ["x", "y", "z"]
    assert table["log_evidence"].tolist() == pytest.approx(norm.logpdf([0, 1, 2], 0, np.sqrt(1.25)).tolist())
    assert table["half_prior"].tolist() == pytest.approx(norm.logpdf([0, 1, 2], 0, np.sqrt(0.5)).tolist())
    assert [call[:3] for call in calls] == [(0.0, 3, True), (1.0, 3, True), (2.0, 3, True)]
    first = [call[3] for call in calls]
    assert len(set(first)) == 3
    calls.clear()
    found(seed=0, starts=7)
    assert [call[3] for call in calls] == first
    assert calls[0][1] == 7
    calls.clear()
    found(seed=1)
    assert [call[3] for call in calls] != first
    sampled, again, other = found("importance"), found("importance", seed=0), found("importance", seed=1)
    np.testing.assert_allclose(sampled["log_evidence"], norm.logpdf([0, 1, 2], 0, np.sqrt(1.25)), atol=0.05)
    pd.testing.assert_frame_equal(sampled, again)
    assert (sampled["log_evidence"] != other["log_evidence"]).all()
    # points of persons differ: the same ones would give the same error
    assert sampled["effective_points"].nunique() == 3


# a hierarchy


def test_priors_of_a_population_by_hand() -> None:
    prior = hierarchical._Prior(np.array([1.0, -2.0]), np.array([0.5, 2.0]), np.array([0.6]), np.array([False, True]))
    h = np.array([[1.5, -2.0, np.log(0.3)], [1.0, 0.0, 0.0]])
    # normal: one unit off, centre; twice the normal density of the spread, and its Jacobian
    log_norm = -0.5 * np.log(2 * np.pi)
    first = log_norm - 0.5 - np.log(0.5) + log_norm - np.log(2.0)
    first += np.log(2) + log_norm - 0.5 * 0.25 - np.log(0.6) + np.log(0.3)
    second = log_norm - np.log(0.5) + log_norm - 0.5 - np.log(2.0)
    second += np.log(2) + log_norm - 0.5 / 0.36 - np.log(0.6)
    np.testing.assert_allclose(prior.log_density(h), [first, second])
    # all scales doubled
    wide = log_norm - 0.125 - 0.0 + log_norm - np.log(4.0) + np.log(2) + log_norm - 0.5 * 0.0625 - np.log(1.2)
    assert prior.log_density(h[:1], 2.0)[0] == pytest.approx(wide + np.log(0.3))
    population = prior.population(h)
    np.testing.assert_allclose(population.mean, h[:, :2])
    np.testing.assert_allclose(population.spread, [[0.3], [1.0]])
    assert population.varies.tolist() == [False, True]


def hierarchy(monkeypatch: pytest.MonkeyPatch, *, shares: bool, n: int = 40) -> tuple[Any, dict[str, Any]]:
    """A fit of two chains whose marginals and bridge are invented; what they were asked is remembered."""
    rng = np.random.default_rng(2)
    varies = np.array([True, not shares])
    spread = np.exp(0.1 * rng.normal(size=(n, int(varies.sum()))))
    draws = PopulationDraws(rng.normal(size=(n, 2)), spread, varies, 2)
    asked: dict[str, Any] = {"draws": draws}

    def marginals(fit: Any, population: PopulationDraws, *, seed: int, points: Any, show_progress: bool) -> Any:
        asked["population"], asked["seed"], asked["points"] = population, seed, points
        effective = np.full((population.n_draws, 3), [10.0, 20.0, 25.0])
        log_value = population.mean[:, :1] + [0.0, 1.0, 2.0]
        return PersonMarginals(log_value, effective, 100, np.zeros(3), not shares)

    def bridge(log_density: Any, of_chains: np.ndarray, rng: np.random.Generator) -> BridgeEstimate:
        asked["chains"], asked["density"] = of_chains, log_density(of_chains.reshape(-1, of_chains.shape[2]))
        asked["draw"] = float(rng.normal())
        return BridgeEstimate(-50.0, 0.3)

    monkeypatch.setattr(hierarchical, "population_draws", lambda fit: draws)
    monkeypatch.setattr(hierarchical, "person_marginals", marginals)
    monkeypatch.setattr(hierarchical, "bridge", bridge)
    parameters = tuple(
        Parameter(name, name, "real", (-3.0, 5.0), "m", "r", varies=v) for name, v in (("a", True), ("b", not shares))
    )
    return SimpleNamespace(model=SimpleNamespace(parameters=parameters), label="m"), asked


def test_evidence_with_common_points(monkeypatch: pytest.MonkeyPatch) -> None:
    fit, asked = hierarchy(monkeypatch, shares=False)
    found = hierarchical.hierarchical_evidence(fit, seed=5, show_progress=False)
    assert (asked["seed"], asked["points"]) == (5, None)
    h = asked["draws"].coordinates()
    np.testing.assert_array_equal(asked["chains"], h.reshape(2, 20, 4))
    np.testing.assert_allclose(asked["population"].spread, asked["draws"].spread)
    p = fit.model.parameters[0]
    prior = norm.logpdf(h[:, :2], 1.0, p.scale).sum(axis=1)
    prior += (np.log(2) + norm.logpdf(np.exp(h[:, 2:]), 0, 0.6 * p.scale) + h[:, 2:]).sum(axis=1)
    np.testing.assert_allclose(asked["density"], 3 * h[:, 0] + 3.0 + prior)
    # variances .1 - .01, .05 - .01, .04 - .01 of persons, beside the bridge's .3
    assert found.error == pytest.approx(np.sqrt(0.09 + 0.09 + 0.04 + 0.03))
    assert found.log_evidence == -50.0
    assert list(found.scaled) == [0.5, 2.0]
    for factor, value in found.scaled.items():
        scaled = norm.logpdf(h[:, :2], 1.0, factor * p.scale).sum(axis=1)
        scaled += (np.log(2) + norm.logpdf(np.exp(h[:, 2:]), 0, factor * 0.6 * p.scale) + h[:, 2:]).sum(axis=1)
        assert value == pytest.approx(-50.0 + np.log(np.mean(np.exp(scaled - prior))))
    assert hierarchical.hierarchical_evidence(fit, seed=5, show_progress=False).error == found.error
    before = asked["draw"]
    hierarchical.hierarchical_evidence(fit, seed=6, show_progress=False)
    assert asked["draw"] != before


def test_evidence_with_points_of_each_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    fit, asked = hierarchy(monkeypatch, shares=True)
    found = hierarchical.hierarchical_evidence(fit, show_progress=False)
    assert asked["points"] == 512
    h = asked["draws"].coordinates()
    p = fit.model.parameters[0]
    prior = norm.logpdf(h[:, :2], 1.0, p.scale).sum(axis=1)
    prior += np.log(2) + norm.logpdf(np.exp(h[:, 2]), 0, 0.6 * p.scale) + h[:, 2]
    # the log of a noisy mean is too low by half its variance: .09, .04 and .03
    np.testing.assert_allclose(asked["density"], 3 * h[:, 0] + 3.0 + 0.08 + prior)
    # what is left is a bias of that size, which adds up
    assert found.error == pytest.approx(np.hypot(0.3, 0.16))


@pytest.mark.parametrize(("shares", "kept"), [(True, 500), (False, 2000)])
def test_the_bridge_takes_so_many_draws(monkeypatch: pytest.MonkeyPatch, shares: bool, kept: int) -> None:
    fit, asked = hierarchy(monkeypatch, shares=shares, n=4000)
    hierarchical.hierarchical_evidence(fit, show_progress=False)
    assert asked["chains"].shape[:2] == (2, kept // 2)


# which model people use


def test_one_person_of_whom_all_is_known() -> None:
    found = group_selection(np.array([[0.0, -60.0]]))
    np.testing.assert_allclose(found.alpha, [2.0, 1.0], atol=1e-8)
    # Beta(2, 1) has the distribution function x^2
    assert found.exceedance.tolist() == pytest.approx([0.75, 0.25])
    lower, upper = found.interval()
    assert lower.tolist() == pytest.approx([np.sqrt(0.05), 1 - np.sqrt(0.95)])
    assert upper.tolist() == pytest.approx([np.sqrt(0.95), 1 - np.sqrt(0.05)])
    half = found.interval(0.5)
    assert [one[0] for one in half] == pytest.approx([0.5, np.sqrt(0.75)])
    # one person cannot tell whether frequencies differ: 1/2 either way
    assert found.omnibus_risk == pytest.approx(0.5, abs=1e-9)
    assert found.protected.tolist() == pytest.approx([0.625, 0.375])
    np.testing.assert_allclose(found.responsibility, [[1.0, 0.0]], atol=1e-20)


def test_the_omnibus_risk_by_hand() -> None:
    log_evidence = np.zeros((10, 3))
    log_evidence[:7, 0] = log_evidence[7:, 1] = 80.0
    log_evidence -= np.arange(10.0)[:, None]
    found = group_selection(log_evidence)
    # unequal: Gamma(3) 7! 3! 0! / 12!; equal: 3^-10
    odds = 2 * 5040 * 6 / 479001600 * 3**10
    assert found.omnibus_risk == pytest.approx(1 / (1 + odds), rel=1e-7)
    np.testing.assert_allclose(found.responsibility.sum(axis=0), [7, 3, 0], atol=1e-9)


def test_doubtful_persons_are_shared_out() -> None:
    """At the solution each person's odds are the evidence times exp(psi(alpha)), and alpha counts persons from 1."""
    from scipy.special import psi

    log_evidence = np.log([[4.0, 1.0, 1.0], [1.0, 2.0, 1.0], [9.0, 3.0, 1.0]])
    found = group_selection(log_evidence)
    weight = np.exp(log_evidence + psi(found.alpha))
    np.testing.assert_allclose(found.responsibility, weight / weight.sum(axis=1, keepdims=True), atol=1e-7)
    np.testing.assert_allclose(found.alpha, 1.0 + found.responsibility.sum(axis=0), atol=1e-7)
    assert found.alpha.sum() == pytest.approx(6.0)


def evidence_table() -> tuple[list[pd.DataFrame], np.ndarray, GroupSelection]:
    """Three models, four people."""
    own = np.array([[-10.0, -12.0, -30.0], [-20.0, -11.0, -30.0], [-10.0, -15.0, -9.0], [-10.0, -12.0, -30.0]])
    tables = [
        pd.DataFrame({"log_evidence": own[:, k], "half_prior": own[:, k] - k, "double_prior": own[:, k] - 3.0 + k})
        for k in range(3)
    ]
    return tables, own, group_selection(own)


def test_the_table_of_evidence_by_hand() -> None:
    tables, own, selection = evidence_table()
    table = _table(["a", "b", "c"], tables, own, selection).set_index("model")
    assert table.index.tolist() == ["a", "b", "c"]
    # sums -50, -50 and -99: level models are in the order given, and the first of them is the best one
    assert table["log_evidence"].tolist() == [-50.0, -50.0, -99.0]
    assert table["log_bf"].tolist() == [0.0, 0.0, -49.0]
    assert table["log_bf_half"].tolist() == [0.0, -4.0, -49.0 - 8.0]
    assert table["log_bf_double"].tolist() == [0.0, 4.0, -49.0 + 8.0]
    assert table["n_best"].tolist() == [2, 1, 1]
    lower, upper = selection.interval()
    for name, values in {
        "frequency": selection.frequency,
        "lower": lower,
        "upper": upper,
        "exceedance": selection.exceedance,
        "protected": selection.protected,
    }.items():
        assert table[name].tolist() == pytest.approx(values.tolist()), name


def test_models_are_ordered_by_frequency() -> None:
    tables, own, _ = evidence_table()
    turned = own[:, ::-1]
    found = _table(["c", "b", "a"], tables[::-1], turned, group_selection(turned))
    assert found["model"].tolist() == ["a", "b", "c"]
    assert found["frequency"].is_monotonic_decreasing


def said(
    protected: float, frequency: float = 0.704, method: Any = "importance", k: tuple[float, ...] = (0.1, 0.2)
) -> str:
    table = pd.DataFrame(
        {
            "model": ["a", "b"], "frequency": [frequency, 1 - frequency], "lower": [0.456, 0.1], "upper": [0.897, 0.5],
            "exceedance": [0.9, 0.1], "protected": [protected, 1 - protected], "log_evidence": [-5.0, -9.0],
            "log_bf": [0.0, -4.0], "log_bf_half": [0.0, -3.0], "log_bf_double": [0.0, -4.0], "n_best": [1, 1],
        }
    )  # fmt: skip
    participants = pd.DataFrame({"participant": ["x", "y"] * (len(k) // 2), "model": "a", "pareto_k": list(k)})
    return Evidence(table, participants, group_selection(np.zeros((2, 2))), method).verdict()


def test_a_most_frequent_model_needs_95_percent() -> None:
    assert said(0.95).startswith(
        "a is the most frequent model: it is that of 70 % (90 % interval 46 to 90 %) of people, protected exceedance"
        " probability 0.95, from 2 participants"
    )
    assert said(0.949).startswith("Which model is most frequent is not decided: a is put at 70 % (90 % interval 46 to")


def test_unreliable_persons_are_counted() -> None:
    assert "unreliable (Pareto k) for 1 of 4: y (a)." in said(0.95, k=(0.1, 0.71, 0.7, 0.2))
    assert "Pareto" not in said(0.95, k=(0.1, 0.7))
    many = said(0.95, k=(0.9,) * 6)
    assert "for 6 of 6: x (a), y (a), x (a), y (a), x (a)." in many


def test_what_rests_on_priors() -> None:
    table = pd.DataFrame(
        {
            "model": ["best", "half left", "less", "other way", "grows", "ahead", "ahead less"],
            "log_bf": [0.0, -4.0, -4.0, -4.0, -4.0, 2.0, 2.0],
            "log_bf_half": [-1.0, -2.0, -4.0, 1.0, -9.0, 1.5, 0.9],
            "log_bf_double": [0.0, -4.0, -1.9, -4.0, -4.0, 2.0, 5.0],
        }
    )
    assert prior_sensitive(table) == ["less", "other way", "ahead less"]
