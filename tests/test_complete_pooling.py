"""One value for all participants: the data enter, every participant has that value, and nothing is read outside arrays."""

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from recognition_tables import stack, trial_table
from scipy.stats import norm
from study_lists import study_table

import kvfit as kv
from kvfit.inference.hierarchy import build_pymc_model, person_parameters
from kvfit.kernels.person_values import add_pullback, natural
from kvfit.kernels.person_values_op import NaturalValues
from kvfit.memory_model import MemoryModel
from kvfit.registry import with_items


def yes_no() -> kv.RecognitionData:
    """Two participants with 14 of 20 hits and 5 of 20 false alarms each (case 32 of issue 13)."""
    tables = [
        trial_table(who, [2] * 14 + [1] * 6, [2] * 5 + [1] * 15, strength=["strong", "weak"] * 20) for who in ("1", "2")
    ]
    return kv.read_recognition(stack(*tables), scale="1-2")


def recalls() -> kv.FreeRecallData:
    design = kv.read_free_recall(study_table(n_lists=3).assign(order=lambda t: t["list"].astype(float)))
    truth = {
        "recency": 2.0,
        "rho_end": 0.6,
        "primacy": 1.2,
        "rho_start": 0.5,
        "stop_probability": 0.3,
        "stop_slope": 0.4,
    }
    return kv.simulate("serial_position", design, truth, seed=3)


@pytest.mark.parametrize(
    ("spec", "of_lists"),
    [
        ("evsd(d_prime ~ 0 + strength + (0 + strength | subject))", False),
        ("kv_recall", True),
        ("serial_position(recency ~ order + (1 | subject))", True),
    ],
)  # fmt: skip
def test_the_density_is_that_of_all_responses_under_one_value(spec: str, of_lists: bool) -> None:
    data: kv.FreeRecallData | kv.RecognitionData = yes_no()
    if of_lists:
        data = recalls()
    model = kv.get_model(spec).bind(data)
    assert not person_parameters(model, "complete").any()
    built = build_pymc_model(model, data, model.design(data), pooling="complete")
    assert [v.name for v in built.free_RVs] == ["population_mean"]
    location = np.array([p.location for p in model.parameters])
    scale = np.array([p.scale for p in model.parameters])

    def expected(mu: np.ndarray) -> float:
        values = {p.name: float(p.to_natural(x)) for p, x in zip(model.parameters, mu, strict=True)}
        found = kv.log_likelihood(model, data, values)
        return float(found.sum(skipna=False)) + float(norm.logpdf(mu, location, scale).sum())

    density, slope = built.compile_logp(mode="FAST_COMPILE"), built.compile_dlogp(mode="FAST_COMPILE")
    mu = location + scale * np.linspace(-0.5, 0.5, location.size)
    assert density({"population_mean": mu}) == pytest.approx(expected(mu), rel=1e-10)
    steps = 1e-5 * np.diag(scale)
    by_hand = [(expected(mu + step) - expected(mu - step)) / (2 * step.sum()) for step in steps]
    np.testing.assert_allclose(slope({"population_mean": mu}), by_hand, rtol=1e-4, atol=1e-5)


def test_every_participant_and_item_is_moved_from_one_value() -> None:
    data = yes_no()
    model: MemoryModel = with_items(kv.get_model("evsd"), True).bind(data)
    built = build_pymc_model(model, data, model.design(data), pooling="complete")
    names = [v.name for v in built.free_RVs]
    assert names == ["item_sd", "standardised_item_effects", "population_mean"]
    point = built.initial_point()
    values = {p.name: float(p.to_natural(x)) for p, x in zip(model.parameters, point["population_mean"], strict=True)}
    point["standardised_item_effects"] = np.random.default_rng(1).normal(size=point["standardised_item_effects"].shape)
    effects = point["standardised_item_effects"] * np.exp(point["item_sd_log__"])
    table = pd.DataFrame(effects, index=list(data.items), columns=built.coords["item_parameter"])
    expected = float(kv.log_likelihood(model, data, values, item_effects=table).sum(skipna=False))
    assert built.compile_logp(built.observed_RVs, mode="FAST_COMPILE")(point) == pytest.approx(expected, rel=1e-10)


@pytest.mark.slow
def test_the_posterior_is_that_of_a_grid() -> None:
    # one participant of 40 old and 40 new trials: 28 hits, 10 false alarms
    model = kv.get_model("evsd").bind(yes_no())
    d_prime, criterion = np.meshgrid(np.linspace(-1, 4, 801), np.linspace(-2, 3, 801), indexing="ij")
    log_posterior = 28 * norm.logcdf(d_prime - criterion) + 12 * norm.logcdf(criterion - d_prime)
    log_posterior += 10 * norm.logcdf(-criterion) + 30 * norm.logcdf(criterion)
    for p, x in zip(model.parameters, (d_prime, criterion), strict=True):
        assert p.support == "real"
        log_posterior += norm.logpdf(x, p.location, p.scale)
    weight = np.exp(log_posterior - log_posterior.max())
    weight /= weight.sum()
    settings = {"draws": 1000, "tune": 300, "chains": 1, "cores": 1, "seed": 1, "show_progress": False}
    fit = kv.fit("evsd", yes_no(), pooling="complete", **settings)
    table = fit.population().set_index("parameter")
    for name, x in (("d_prime", d_prime), ("criterion", criterion)):
        mean = float((weight * x).sum())
        sd = float(np.sqrt((weight * (x - mean) ** 2).sum()))
        draws = fit.tree["posterior"][name].transpose("participant", ...).to_numpy().reshape(2, -1)
        np.testing.assert_array_equal(draws[0], draws[1])
        # five Monte Carlo errors of 300 independent draws
        assert table.loc[name, "mean"] == pytest.approx(mean, abs=5 * sd / np.sqrt(300))
        assert draws[0].std() == pytest.approx(sd, rel=0.2)
        assert table.loc[name, "person_10"] == table.loc[name, "person_90"] == pytest.approx(table.loc[name, "mean"])
    # as far as known from outside: case 32 says 1.239 and 0.280
    assert float((weight * d_prime).sum()) == pytest.approx(1.239, abs=5e-4)


@pytest.mark.bounds
def test_effects_without_the_columns_that_are_asked_for_are_an_error() -> None:
    with pytest.raises(ValueError, match="at least 2 columns, found 0"):
        NaturalValues((0, 1), (3, 3))(np.zeros((4, 0)), np.zeros(2))
    unknown = pt.matrix()
    made = NaturalValues((0,), (3,))(unknown, np.zeros(1))
    with pytest.raises(IndexError, match="fewer columns"):
        made.eval({unknown: np.zeros((4, 0))})
    with pytest.raises(IndexError, match="fewer columns"):
        natural(np.zeros((4, 0)), np.zeros(1), 0, 0, 3)
    with pytest.raises(IndexError, match="fewer columns"):
        add_pullback(np.zeros((4, 0)), np.zeros(1), 0, 0, 3, np.ones(4), np.zeros((4, 0)), np.zeros(1))
