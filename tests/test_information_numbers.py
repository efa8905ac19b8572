"""What designs and posteriors know, worked out by hand from information that is given."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rating_designs import bound, one_person
from scipy.stats import halfnorm, norm
from study_lists import study_table

import kvfit as kv
from kvfit.identifiability import after, aspects, before, design, information, table
from kvfit.identifiability.table import _with_problems
from kvfit.parameters import Parameter


def parameter(name: str, low: float, high: float, **options: Any) -> Parameter:
    return Parameter(name, name, "real", (low, high), "a mean", "for a test", **options)


A, B = parameter("a", -1.0, 3.0), parameter("b", 10.0, 11.0)
#: information of the two parameters that each of four people has
INFORMATION = [
    np.array(one)
    for one in ([[4.0, 1.0], [1.0, 2.0]], [[9.0, 0.0], [0.0, 1.0]], [[2.0, 2.0], [2.0, 3.0]], [[1.0, 0.5], [0.5, 8.0]])
]


class People:
    """Participants of whom only their number is known."""

    def __init__(self, labels: list[int]) -> None:
        self.participants, self.participant = labels, np.array(labels)
        self.n_participants = len(labels)

    def select(self, participants: list[int]) -> "People":
        return People(participants)


def foreseen(
    monkeypatch: pytest.MonkeyPatch, pooling: str, parameters: tuple[Parameter, ...] = (A, B), n: int = 4
) -> tuple[pd.DataFrame, list[Any]]:
    asked: list[Any] = []

    def scores(model: Any, part: People, at: np.ndarray, *, similarity: Any, seed: int) -> np.ndarray:
        (who,) = part.participants
        asked.append((who, at, seed))
        return np.linalg.cholesky(INFORMATION[who % 4]).T

    monkeypatch.setattr(before, "scores", scores)
    model: Any = SimpleNamespace(parameters=parameters)
    return before.foresee(model, People(list(range(n))), None, pooling, 3), asked


def correlation(matrix: np.ndarray) -> float:
    return float(matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1]))


def test_alone_each_person_meets_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = foreseen(monkeypatch, "none")
    within = np.mean([np.linalg.inv(np.eye(2) + one) for one in INFORMATION], axis=0)
    assert found["parameter"].tolist() == ["a", "b"]
    assert found["contraction"].tolist() == pytest.approx((1 - np.diag(within)).tolist())
    assert found["person"].tolist() == found["contraction"].tolist()
    assert found["correlation"].tolist() == pytest.approx([correlation(within)] * 2)
    assert found["correlated_with"].tolist() == ["b", "a"]
    # by hand: inverse of (5, 1; 1, 3) has 3 / 14 and 5 / 14 on its diagonal; then 1 / 10 and 1 / 2, ...
    first = np.mean([3 / 14, 1 / 10, 4 / 8, 9 / 17.75])
    assert found["contraction"].iloc[0] == pytest.approx(1 - first)
    # everybody once, within half a standard deviation of the prior's centre, nowhere twice
    assert [who for who, _, _ in asked] == [0, 1, 2, 3]
    off = (np.array([at for _, at, _ in asked]) - [A.location, B.location]) / [A.scale, B.scale]
    assert np.abs(off).max() <= 0.5
    assert np.unique(off).size == off.size
    assert off.min() < -0.2
    assert off.max() > 0.2
    np.testing.assert_allclose(off[0], np.random.default_rng(3).uniform(-0.5, 0.5, 2))
    assert {seed for _, _, seed in asked} == {3}


def test_everybody_alike_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = foreseen(monkeypatch, "complete")
    # sums 16, 3.5 and 14, and 1 of the prior
    covariance = np.linalg.inv(np.array([[17.0, 3.5], [3.5, 15.0]]))
    assert found["contraction"].tolist() == pytest.approx((1 - np.diag(covariance)).tolist())
    assert found["contraction"].iloc[0] == pytest.approx(1 - 15 / (17 * 15 - 3.5**2))
    assert found["person"].isna().all()
    assert found["correlation"].tolist() == pytest.approx([-3.5 / np.sqrt(17 * 15)] * 2)


def test_persons_of_a_population(monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = foreseen(monkeypatch, "partial")
    # each says of the mean what its own likelihood and the spread between persons (.6) leave: (I^-1 + .36)^-1
    total = sum(np.linalg.inv(np.linalg.inv(one) + 0.36 * np.eye(2)) for one in INFORMATION)
    mean = np.linalg.inv(np.eye(2) + total)
    within = [np.linalg.inv(np.eye(2) / 0.36 + one) for one in INFORMATION]
    assert found["contraction"].tolist() == pytest.approx((1 - np.diag(mean)).tolist())
    known = 1 - np.mean([np.diag(one) for one in within], axis=0) / 0.36
    assert found["person"].tolist() == pytest.approx(known.tolist())
    inside = float(np.mean([correlation(one) for one in within]))
    stronger = inside if abs(inside) > abs(correlation(mean)) else correlation(mean)
    assert found["correlation"].tolist() == pytest.approx([stronger] * 2)


def test_persons_values_may_hang_together_more_than_the_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "INFORMATION", [np.array([[50.0, 45.0], [45.0, 50.0]])] * 4)
    found, _ = foreseen(monkeypatch, "partial")
    # within each: precision 50 + 1 / .36 and 45
    assert found["correlation"].tolist() == pytest.approx([-45.0 / (50.0 + 1 / 0.36)] * 2)


def test_what_all_share_has_no_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = parameter("s", 0.0, 1.0, varies=False)
    found, _ = foreseen(monkeypatch, "partial", (A, shared))
    spread = np.diag([0.36, 0.0])
    total = sum(one @ np.linalg.inv(np.eye(2) + spread @ one) for one in INFORMATION)
    mean = np.linalg.inv(np.eye(2) + (total + total.T) / 2)
    assert found["contraction"].tolist() == pytest.approx((1 - np.diag(mean)).tolist())
    own = np.mean([1 / (1 / 0.36 + one[0, 0]) for one in INFORMATION])
    assert found["person"].iloc[0] == pytest.approx(1 - own / 0.36)
    assert np.isnan(found["person"].iloc[1])
    assert found["correlation"].tolist() == pytest.approx([correlation(mean)] * 2)


def test_a_dozen_people_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = foreseen(monkeypatch, "complete", n=45)
    assert [who for who, _, _ in asked] == [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44]
    # all of the first kind, 45 of them
    covariance = np.linalg.inv(np.eye(2) + 45 * INFORMATION[0])
    assert found["contraction"].tolist() == pytest.approx((1 - np.diag(covariance)).tolist())


def test_the_strongest_partner() -> None:
    matrix = np.array([[1.0, 0.2, -0.7], [0.2, 1.0, np.nan], [-0.7, np.nan, 1.0]])
    partner, r = before.strongest(matrix, ["a", "b", "c"])
    assert partner == ["c", "a", "a"]
    assert r.tolist() == [-0.7, 0.2, -0.7]
    partner, r = before.strongest(np.ones((1, 1)), ["a"])
    assert (partner, r.tolist()) == ([""], [0.0])


# information


def test_slopes_are_central_differences() -> None:
    """Values above, parameter by parameter, then below; a step is 1e-4 prior standard deviations."""
    values = np.array([[5e-4, 1.0], [0.0, 2e-4], [1e-4, 1.0], [0.0, -2e-4]])
    np.testing.assert_allclose(information.slopes(values), [[2.0, 0.0], [0.0, 2.0]])
    model: Any = SimpleNamespace(parameters=(A, B))
    around = information.natural_around(model, np.array([1.0, 2.0]))
    step = 1e-4 * A.scale
    np.testing.assert_allclose(around["a"].ravel(), [1.0 + step, 1.0, 1.0 - step, 1.0], rtol=1e-12)
    np.testing.assert_allclose(around["b"].ravel() - 2.0, [0, 1e-4 * B.scale, 0, -1e-4 * B.scale], atol=1e-12)


def test_directions_that_say_nothing() -> None:
    rows = np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0]])
    null = information.null_space(rows)
    assert null.shape == (2, 3)
    np.testing.assert_allclose(rows @ null.T, 0.0, atol=1e-12)
    assert information.loose(null).tolist() == [True, True, True]
    assert information.loose(np.array([[0.0101, 1.0, 0.0099]])).tolist() == [True, True, False]
    assert information.loose(np.array([[0.0, -0.6, 0.0], [-0.8, 0.0, 0.0]])).tolist() == [True, True, False]
    assert information.loose(np.zeros((0, 3))).tolist() == [False] * 3
    # 1e-5 of the largest is zero
    assert len(information.null_space(np.diag([2.0, 2.1e-5]))) == 0
    assert len(information.null_space(np.diag([2.0, 1.9e-5]))) == 1
    assert len(information.null_space(np.array([[3.0, 0.0]]))) == 1


@dataclass
class Wrapped:
    """Cells inside another design, as models with formulas have them."""

    rows: Any


def test_cells_are_thinned_evenly_and_weighed() -> None:
    n = 121
    made = one_person(np.arange(2 * n).reshape(n, 2) + 1, np.ones((n, 2), int), column="c")
    assert information._thinned(one_person([[3, 4]] * 30, [[1, 1]] * 30, column="c")).n_cells == 60
    thinned = information._thinned(made)
    assert thinned.n_cells == 60
    chosen = np.linspace(0, 241, 60).round().astype(int)
    np.testing.assert_allclose(thinned.counts / thinned.counts.sum(), made.counts[chosen] / made.counts[chosen].sum())
    # as many responses as before
    assert thinned.counts.sum() == pytest.approx(made.counts.sum())
    np.testing.assert_array_equal(thinned.levels["c"], made.levels["c"][chosen])
    np.testing.assert_array_equal(thinned.old, made.old[chosen])
    assert information._thinned(one_person([[3, 4]], [[1, 1]])).n_cells == 2
    formula = information._thinned(Wrapped(made))
    np.testing.assert_array_equal(formula.rows.counts, thinned.counts)
    assert information._thinned(Wrapped(one_person([[3, 4]], [[1, 1]]))).rows.n_cells == 2


def test_some_cells_of_a_design() -> None:
    made = one_person([[1, 2], [3, 4]], [[5, 6], [7, 8]], column="c")
    made = replace(made, covariates={"lag": np.arange(4.0)}, similarity=np.arange(8.0).reshape(4, 2))
    part = information.some_cells(made, np.array([1, 2]))
    assert part.counts.tolist() == [[3, 4], [5, 6]]
    assert part.old.tolist() == [False, True]
    assert part.covariates["lag"].tolist() == [1.0, 2.0]
    assert part.levels["c"].tolist() == [1, 0]
    assert part.similarity is not None
    assert part.similarity.tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert part.participant.size == 2
    assert part.n_observations == part.response.size == 0


class Coin:
    """Lists of one toss: heads with a probability whose log odds are the parameter; free recall as far as is asked."""

    parameters = (parameter("x", -1.0, 1.0),)

    def design(self, data: Any, similarity: Any) -> Any:
        return data

    def simulate(self, design: Any, values: Any, rng: np.random.Generator) -> np.ndarray:
        assert values["x"].tolist() == [0.4]
        return rng.random(design.n_observations) < 1 / (1 + np.exp(-0.4))

    def log_likelihood(self, design: Any, values: Any) -> np.ndarray:
        x = values["x"]
        return np.where(design.heads, -np.log1p(np.exp(-x)), -np.log1p(np.exp(x)))


class Tosses:
    """Data of so many tosses."""

    def __init__(self, heads: np.ndarray) -> None:
        self.heads, self.n_observations = heads, heads.size

    def with_responses(self, heads: np.ndarray) -> "Tosses":
        return Tosses(heads)


@pytest.mark.parametrize(("n", "times"), [(1, 8), (3, 3), (8, 1), (9, 1)])
def test_few_lists_are_simulated_again(n: int, times: int) -> None:
    """Eight lists for the one parameter at least; their scores together weigh as one experiment."""
    coin: Any = Coin()
    rows = information.scores(coin, Tosses(np.zeros(n, bool)), np.array([0.4]), seed=1)
    assert rows.shape == (n * times, 1)
    p, scale = 1 / (1 + np.exp(-0.4)), coin.parameters[0].scale
    # score 1 - p of heads, -p of tails, per prior standard deviation
    expected = np.sort(np.unique([-p * scale, (1 - p) * scale])) / np.sqrt(times)
    np.testing.assert_allclose(np.unique(rows.round(6)), expected[np.isin(expected.round(6), rows.round(6))], atol=1e-5)
    assert np.isin(rows.round(5), expected.round(5)).all()
    other = information.scores(coin, Tosses(np.zeros(40, bool)), np.array([0.4]), seed=2)
    same = information.scores(coin, Tosses(np.zeros(40, bool)), np.array([0.4]), seed=2)
    np.testing.assert_array_equal(other, same)
    default = information.scores(coin, Tosses(np.zeros(40, bool)), np.array([0.4]))
    assert (other != default).any()
    zero = information.scores(coin, Tosses(np.zeros(40, bool)), np.array([0.4]), seed=0)
    np.testing.assert_array_equal(default, zero)
    observed = information.observed_scores(coin, Tosses(np.array([True, False])), np.array([0.4]))
    np.testing.assert_allclose(observed.ravel(), [(1 - p) * scale, -p * scale], rtol=1e-6)


# aspects


def test_recall_is_divided_into_events() -> None:
    # two of three items recalled, the second and then the first: choice, going on, stopping
    rows = np.array([[0.1, 0.4, 0.3, 0.2], [0.3, 0.0, 0.3, 0.4], [0.0, 0.0, 0.1, 0.9]])
    found = np.exp(aspects._events(rows, [1, 0]))
    np.testing.assert_allclose(found, [0.4 / 0.8, 0.3 / 0.6, 0.8, 0.6, 0.9])
    # everything recalled: the last stop is certain
    rows = np.array([[0.5, 0.3, 0.2], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(np.exp(aspects._events(rows, [0, 1])), [0.5 / 0.8, 1.0, 0.8, 0.6, 1.0])
    np.testing.assert_allclose(np.exp(aspects._events(np.array([[0.7, 0.3]]), [])), [0.3])


def test_events_belong_to_outputs() -> None:
    assert aspects._kinds(6).tolist() == [0, 1, 1, 1, 2, 2] + [3] * 7
    assert aspects._kinds(0).tolist() == [3]
    assert aspects._kinds(1).tolist() == [0, 3, 3]


def test_shares_of_recognition_by_hand() -> None:
    """d' of yes/no answers to old items: n phi^2 (1 / p + 1 / q), so that hits have the share of misses' probability."""
    # two cells of either kind, 30 new and 80 old items
    made = one_person([[4, 6], [15, 5]], [[25, 35], [1, 19]], column="list")
    model = bound("evsd", 2)
    names = [p.name for p in model.parameters]
    x = np.array([p.location for p in model.parameters])
    d, c = x[names.index("d_prime")], x[names.index("criterion")]
    asked = SimpleNamespace(
        design=lambda data: made,
        scale=model.scale,
        parameters=model.parameters,
        log_probabilities=model.log_probabilities,
    )
    told = aspects._of_recognition(asked, None, x)
    scale = {p.name: p.scale for p in model.parameters}
    for name, at, sign, n in (("d_prime", c - d, "old", 80), ("criterion", c, "new", 30)):
        density, hit = norm.pdf(at), norm.sf(at)
        amount = n * density**2 * scale[name] ** 2
        rows = told[:2] if sign == "old" else told[2:]
        np.testing.assert_allclose(rows[:, names.index(name)], [amount / hit, amount / (1 - hit)], rtol=1e-4)
    assert told[2:, names.index("d_prime")].max() < 1e-12


def test_averages_over_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two points say 1 to 3 and 3 to 1 of the first parameter, and nothing but once of the second."""
    monkeypatch.setattr(aspects, "_N_POINTS", 2)
    given = iter([np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([[6.0, 2.0], [2.0, 8.0]])])
    asked: list[np.ndarray] = []

    def told(model: Any, data: Any, at: np.ndarray, rng: Any) -> np.ndarray:
        assert list(data.participants) == [1]
        assert model.label == "random_recall"
        asked.append(at)
        return np.concatenate([next(given), np.zeros((2, 2))])

    monkeypatch.setattr(aspects, "_of_recall", told)
    data = kv.read_free_recall(study_table(2, 3), name="small")
    model: Any = kv.get_model("random_recall")
    table = aspects.aspects(model, data)
    assert list(table) == ["parameter", "first recall", "recalls 2 to 4", "later recalls", "when recall stops"]
    p, q = (one.name for one in model.bind(data).parameters)
    found = table.set_index("parameter")
    assert found.loc[p].tolist() == pytest.approx([0.5, 0.5, 0.0, 0.0])
    assert found.loc[q].tolist() == pytest.approx([0.2, 0.8, 0.0, 0.0])
    # points within a standard deviation of the prior's centre
    location, scale = design.prior_of(model.bind(data))
    shifts = np.random.default_rng(0).uniform(-1.0, 1.0, (2, 2))
    np.testing.assert_allclose(asked, location + scale * shifts)
    nothing = iter([np.zeros((4, 2))] * 2)
    monkeypatch.setattr(aspects, "_of_recall", lambda *given: next(nothing))
    assert aspects.aspects(model, data).drop(columns="parameter").isna().all(axis=None)
    # of one parameter nothing is told, whatever is told of the other
    half = iter([np.array([[1.0, 0.0]] * 4)] * 2)
    monkeypatch.setattr(aspects, "_of_recall", lambda *given: next(half))
    found = aspects.aspects(model, data).set_index("parameter")
    assert found.loc[p].tolist() == [0.25] * 4
    assert found.loc[q].isna().all()


def test_recognition_has_aspects_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(model: Any, data: Any, at: np.ndarray) -> np.ndarray:
        assert model.label == "evsd"
        assert data.n_participants == 1
        return np.array([[4.0, 1.0], [3.0, 1.0], [2.0, 1.0], [1.0, 1.0]])

    monkeypatch.setattr(aspects, "_of_recognition", told)
    table = aspects.aspects(kv.get_model("evsd"), kv.recognition_design(2, 20, "no,yes"))
    assert list(table) == ["parameter", "hits", "misses", "false alarms", "correct rejections"]
    assert table.iloc[0, 1:].tolist() == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_stops_are_counted_in_simulated_lists() -> None:
    """Of a constant probability p of stopping: p^2 for each time that recall went on, (1 - p)^2 for the stop; 24 lists."""
    data = kv.read_free_recall(study_table(1, 30, (4,)), name="thirty")
    model: Any = kv.get_model("random_recall(stop_slope=0)").bind(data)
    (parameter,) = model.parameters
    x = np.array([-1.0])
    p = float(parameter.to_natural(x[0]))
    lists = model.simulate(model.design(data), {parameter.name: np.array([p])}, np.random.default_rng(5))[:24]
    recalled = (lists > 0).sum(axis=1)
    expected = float((recalled * p**2 + (recalled < 4) * (1 - p) ** 2).sum()) * parameter.scale**2
    found = aspects._of_recall(model, data, x, np.random.default_rng(5))
    np.testing.assert_allclose(found, [[0.0], [0.0], [0.0], [expected]], rtol=1e-6, atol=1e-6)


# designs


def test_parameters_that_no_person_tells_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody alone tells a from b; two people of different kinds do."""
    rows = {0: [[1.0, 1.0, 0.0]], 1: [[0.0, 0.0, 1.0]], 2: [[1.0, 0.0, 0.0]]}
    tried: list[int] = []
    points: list[np.ndarray] = []

    def told(model: Any, part: People, at: np.ndarray, *, similarity: Any) -> np.ndarray:
        (who,) = part.participants
        tried.append(who)
        points.append(at)
        return np.array(rows.get(who, rows[0]))

    monkeypatch.setattr(design, "observed_scores", told)
    monkeypatch.setattr(design, "scores", told)
    model: Any = SimpleNamespace(parameters=(A, B, parameter("c", 0.0, 1.0)))
    model.bind = lambda data: model
    assert design.loose_parameters(model, People([0, 1])) == ("a", "b")
    # both ways at each of three points
    assert tried == [0, 1] * 6
    # the first point is the prior's centre, and the others are not
    centre = np.array([p.location for p in model.parameters])
    np.testing.assert_array_equal(points[0], centre)
    assert not np.isclose(points[4], centre).any()
    off = (np.array(points) - centre) / [p.scale for p in model.parameters]
    assert np.abs(off).max() <= 0.5
    tried.clear()
    assert design.loose_parameters(model, People([0, 1, 2])) == ()
    assert tried == [0, 1, 2]
    tried.clear()
    assert design.loose_parameters(model, People([0])) == ("a", "b", "c")
    # people with most observations first, six of them
    many = People(list(range(9)))
    many.participant = np.repeat(np.arange(9), [1, 1, 5, 1, 4, 1, 3, 1, 2])
    rows.clear()
    rows |= {0: [[1.0, 1.0, 0.0]], 1: [[0.0, 0.0, 1.0]], 3: [[1.0, 0.0, 0.0]]}
    tried.clear()
    assert design.loose_parameters(model, many) == ("a", "b")
    assert tried[:6] == [2, 4, 6, 8, 0, 1]


def test_a_point_that_tells_more_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What some point of the prior tells is determined, whichever of the points that is."""
    model: Any = SimpleNamespace(parameters=(A, B, parameter("c", 0.0, 1.0)))
    model.bind = lambda data: model
    for telling in range(3):
        calls: list[np.ndarray] = []

        def told(given: Any, part: People, at: np.ndarray, *, similarity: Any) -> np.ndarray:
            if not any(np.array_equal(at, one) for one in calls):  # noqa: B023 (called within the loop)
                calls.append(at)  # noqa: B023
            tells = len(calls) == telling + 1  # noqa: B023
            return np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0 if tells else 0.0]])

        monkeypatch.setattr(design, "observed_scores", told)
        monkeypatch.setattr(design, "scores", told)
        assert design.loose_parameters(model, People([0])) == ("a", "b")


def test_similarities_go_with_their_participant() -> None:
    people = People([0, 1])
    people.participant = np.array([0, 1, 1])
    part, similar = design.of_participant(people, np.arange(6.0).reshape(3, 2), 1)
    assert part.participants == [1]
    assert similar is not None
    assert similar.tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert design.of_participant(people, None, 1)[1] is None


# posteriors


def fit_of(**groups: Any) -> Any:
    model = SimpleNamespace(parameters=(A, B))
    return SimpleNamespace(model=model, tree={"posterior": xr.Dataset(groups["variables"], groups.get("coords", {}))})


PERSON_A = np.array([[[1.0, 3.0, 8.0], [3.0, 5.0, 8.0]], [[1.0, 1.0, 8.0], [3.0, 7.0, 8.0]]])


def test_draws_of_persons_are_taken_apart() -> None:
    b = np.full((2, 2, 3), 1e9)
    dims = ("chain", "draw", "participant")
    found = after.person_draws(fit_of(variables={"a": (dims, PERSON_A), "b": (dims, b)}))
    assert found.shape == (3, 4, 2)
    assert found[0, :, 0].tolist() == [1.0, 3.0, 1.0, 3.0]
    assert found[1, :, 0].tolist() == [3.0, 5.0, 1.0, 7.0]
    # what is at the end of its support is kept 30 prior standard deviations away
    np.testing.assert_allclose(found[:, :, 1], B.location + 30 * B.scale)


def look_back(monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], *, sensitivity: bool = True) -> pd.DataFrame:
    fit = fit_of(variables=variables, coords={"parameter": ["a", "b"], "person_parameter": ["b", "a"]})

    def loosened(asked: Any, estimates: np.ndarray) -> np.ndarray:
        assert asked is fit
        np.testing.assert_allclose(estimates, after.person_draws(fit).mean(axis=1))
        return np.array([False, True])

    monkeypatch.setattr(after, "_loose", loosened)
    if sensitivity:
        told = pd.DataFrame(
            {"parameter": ["b", "a"], "prior_sensitivity": [0.1, 0.2], "likelihood_sensitivity": [0.3, 0.4]}
        )
        monkeypatch.setattr(after, "_sensitivity", lambda asked: told)
    return after.look_back(fit).set_index("parameter")


#: of the population's means and spreads, two chains of two draws
MEANS = np.array([[[0.0, 10.0], [2.0, 10.2]], [[2.0, 10.6], [0.0, 10.4]]])
SPREADS = np.array([[[0.1, 1.0], [0.3, 2.0]], [[0.1, 3.0], [0.3, 2.0]]])


def population(mean: np.ndarray = MEANS) -> dict[str, Any]:
    """In another order of dimensions than they are asked for."""
    return {
        "population_mean": (("parameter", "draw", "chain"), mean.T),
        "population_sd": (("person_parameter", "draw", "chain"), SPREADS.T),
    }


def test_a_posterior_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    dims = ("chain", "draw", "participant")
    b = 10.5 + 0.1 * np.random.default_rng(1).normal(size=(2, 2, 3))
    found = look_back(monkeypatch, {"a": (dims, PERSON_A), "b": (dims, b), **population()})
    # persons: variances over draws 1, 5 and 0, mean 2; their means 2, 4 and 8, variance 56 / 9
    assert found.loc["a", "person"] == pytest.approx((56 / 9) / (56 / 9 + 2))
    # population: 0, 2, 2, 0 has variance 1; 10, 10.2, 10.6, 10.4 has .05
    assert found["contraction"].tolist() == pytest.approx([1 - 1 / A.scale**2, 1 - 0.05 / B.scale**2])
    # spreads .1, .3, .1, .3 and 1, 2, 3, 2: variances .01 and .5, of half-normals 1 - 2 / pi times the squared scale
    assert found.loc["b", "spread_contraction"] == pytest.approx(1 - 0.01 / ((0.6 * B.scale) ** 2 * (1 - 2 / np.pi)))
    assert found.loc["a", "spread_contraction"] == pytest.approx(1 - 0.5 / ((0.6 * A.scale) ** 2 * (1 - 2 / np.pi)))
    assert found["prior_sensitivity"].tolist() == [0.2, 0.1]
    assert found["likelihood_sensitivity"].tolist() == [0.4, 0.3]
    assert found["determined"].tolist() == [True, False]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("within", [0.3, 0.6])
def test_the_stronger_correlation_is_shown(sign: float, within: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of population means .1 / sqrt(.05) = .447; within persons .3 or .6 of the other sign, on average over three."""
    dims = ("chain", "draw", "participant")
    a, other = np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([[1.0, -1.0], [1.0, -1.0]])
    b = -sign * within * 1.5 * a + np.sqrt(1 - (1.5 * within) ** 2) * other
    # two persons in whom they hang together, and one in whom nothing varies
    persons_a = np.stack([a, a + 5.0, np.zeros((2, 2))], axis=-1)
    persons_b = 10.5 + np.stack([b, b, np.zeros((2, 2))], axis=-1)
    mean = MEANS * [sign, 1.0]
    found = look_back(monkeypatch, {"a": (dims, persons_a), "b": (dims, persons_b), **population(mean)})
    expected = sign * 0.1 / np.sqrt(0.05) if within < 0.4 else -sign * within
    assert found["correlation"].tolist() == pytest.approx([expected] * 2)
    assert found["correlated_with"].tolist() == ["b", "a"]


def test_a_posterior_without_a_population(monkeypatch: pytest.MonkeyPatch) -> None:
    dims = ("chain", "draw", "participant")
    variables = {"a": (dims, PERSON_A), "b": (dims, np.full((2, 2, 3), 10.5))}
    found = look_back(monkeypatch, variables, sensitivity=False)
    # the persons' mean variance is 2
    assert found["contraction"].tolist() == pytest.approx([1 - 2 / A.scale**2, 1.0])
    assert found[["spread_contraction", "prior_sensitivity", "likelihood_sensitivity"]].isna().all(axis=None)
    # nobody differs in b
    assert np.isnan(found.loc["b", "person"])
    assert found["correlation"].tolist() == [0.0, 0.0]
    # nor in what all share, however uncertain that is
    alike = np.repeat(PERSON_A[:, :, :1], 3, axis=2)
    assert look_back(monkeypatch, {"a": (dims, alike), "b": variables["b"]})["person"].isna().all()
    one = {"a": (dims, PERSON_A[:, :, :1]), "b": (dims, np.full((2, 2, 1), 10.5))}
    assert look_back(monkeypatch, one)["person"].isna().all()


def test_what_is_raised_to_powers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log-likelihood of all observations, units as often as they occur, at the draws that have one."""
    asked: list[Any] = []

    def summary(tree: Any, *, var_names: list[str], round_to: int) -> pd.DataFrame:
        asked.append((tree, var_names, round_to))
        return pd.DataFrame({"prior": ["0.25", "0.5"], "likelihood": ["0.75", "1"]})

    monkeypatch.setattr(after.az, "psense_summary", summary)
    fit = fit_of(
        variables=population(),
        coords={"parameter": ["a", "b"], "person_parameter": ["b", "a"], "draw": [0, 1], "chain": [0, 1]},
    )
    ll = np.array([[[-1.0, -5.0]], [[-2.0, -7.0]]])
    fit.tree = xr.DataTree.from_dict({"/posterior": fit.tree["posterior"]})
    fit.unit_log_likelihood = xr.DataArray(ll, {"chain": [0, 1], "draw": [1]}, ("chain", "draw", "unit"))
    fit.design = SimpleNamespace(n_observations=4, unit_of_observation=np.array([0, 1, 0, 0]))
    found = after._sensitivity(fit)
    assert found["parameter"].tolist() == ["a", "b"]
    assert found["prior_sensitivity"].tolist() == [0.25, 0.5]
    assert found["likelihood_sensitivity"].tolist() == [0.75, 1.0]
    ((tree, names, _),) = asked
    assert names == ["population_mean"]
    np.testing.assert_array_equal(tree["log_likelihood"]["total"], [[-8.0], [-13.0]])
    np.testing.assert_array_equal(
        tree["posterior"]["population_mean"].transpose("chain", "draw", "parameter"), MEANS[:, 1:]
    )
    whole = after.log_prior(fit, fit.tree["posterior"].to_dataset())
    np.testing.assert_allclose(tree["log_prior"]["population_mean"], whole[:, 1:])


def test_the_log_prior_of_a_population() -> None:
    mean = np.array([[[1.0, 10.5], [1.0 + A.scale, 10.5]]])
    variables = {"population_mean": (("parameter", "draw", "chain"), mean.T)}
    coords = {"parameter": ["a", "b"], "chain": [0], "draw": [0, 1]}
    fit = fit_of(variables=variables, coords=coords)
    at_centre = float(norm.logpdf(0) * 2 - np.log(A.scale) - np.log(B.scale))
    found = after.log_prior(fit, fit.tree["posterior"])
    np.testing.assert_allclose(found.to_numpy(), [[at_centre, at_centre - 0.5]])
    # in an order of its own
    sd = np.array([[[0.5, 1.0], [0.25, 2.0]]])
    variables["population_sd"] = (("person_parameter", "chain", "draw"), np.moveaxis(sd, 2, 0))
    fit = fit_of(variables=variables, coords=coords | {"person_parameter": ["b", "a"]})
    spreads = halfnorm.logpdf([0.5, 0.25], scale=0.6 * B.scale) + halfnorm.logpdf([1.0, 2.0], scale=0.6 * A.scale)
    found = after.log_prior(fit, fit.tree["posterior"])
    np.testing.assert_allclose(found.to_numpy(), [[at_centre + spreads[0], at_centre - 0.5 + spreads[1]]])


def test_persons_are_asked_at_their_own_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def told(model: Any, part: People, at: np.ndarray, *, similarity: Any) -> np.ndarray:
        asked.append((part.participants[0], at.tolist()))
        return np.array([[1.0, 1.0]])

    monkeypatch.setattr(after, "scores", told)
    people = People(list(range(25)))
    fit: Any = SimpleNamespace(model=SimpleNamespace(parameters=(A, B)), data=people, similarity=None)
    estimates = np.arange(50.0).reshape(25, 2)
    assert after._loose(fit, estimates).tolist() == [True, True]
    who = np.linspace(0, 24, 12).round().astype(int).tolist()
    assert asked == [(one, [2.0 * one, 2.0 * one + 1]) for one in who]
    asked.clear()
    rows = iter([[[1.0, 1.0]], [[1.0, 0.0]], [[1.0, 1.0]]])
    monkeypatch.setattr(after, "scores", lambda *given, similarity: asked.append(1) or np.array(next(rows)))
    assert after._loose(fit, estimates).tolist() == [False, False]
    assert len(asked) == 2


# words


ROW = {
    "contraction": 0.5, "person": 0.5, "correlated_with": "b", "correlation": 0.5, "prior_sensitivity": 0.0,
    "likelihood_sensitivity": 0.2, "determined": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "begins"),
    [
        ({}, ""),
        ({"contraction": 0.1}, ""),
        ({"contraction": 0.0949}, "a is hardly informed: its prior is narrowed by 9% of its variance"),
        ({"contraction": -0.3}, "a is hardly informed: its prior is narrowed by 0% of"),
        ({"correlation": 0.9}, ""),
        ({"correlation": -0.93}, "a and b are told apart badly (correlation 0.93)"),
        ({"prior_sensitivity": 0.0499}, ""),
        ({"prior_sensitivity": 0.05}, "a is pulled one way by its prior and another by the data"),
        ({"prior_sensitivity": 0.05, "likelihood_sensitivity": 0.05}, "a is pulled one way"),
        ({"prior_sensitivity": 0.06, "likelihood_sensitivity": 0.049}, "a depends on its prior more than on the data"),
        ({"person": 0.1}, ""),
        ({"person": 0.09}, "a of single persons is hardly known"),
        ({"determined": False, "contraction": 0.0}, "a changes no prediction: its prior decides; hold it at a value."),
    ],
)
def test_each_limit(changed: dict[str, Any], begins: str) -> None:
    (said,) = _with_problems(pd.DataFrame([{"parameter": "a"} | ROW | changed]))["problem"]
    assert said.startswith(begins)
    assert bool(said) == bool(begins)


def test_parameters_that_are_loose_together() -> None:
    rows = [{"parameter": name} | ROW | {"determined": name == "c"} for name in "abc"]
    said = _with_problems(pd.DataFrame(rows))["problem"].tolist()
    assert said[0] == said[1]
    assert said[0].startswith("a and b can change together without changing any prediction")
    assert said[2] == ""
    (turned,) = _with_problems(pd.DataFrame([{"parameter": "c"} | ROW | {"correlation": 0.95}]))["problem"]
    assert turned.startswith("b and c are told apart badly")


def test_what_is_missing_is_no_problem() -> None:
    made = _with_problems(
        pd.DataFrame(
            [{"parameter": "a", "correlated_with": "", "correlation": 0.0, "contraction": 0.9, "determined": True}]
        )
    )
    assert made["problem"].tolist() == [""]
    assert made[["spread_contraction", "person", "prior_sensitivity"]].isna().all(axis=None)


def test_parameters_without_reservation_are_counted() -> None:
    two = pd.DataFrame([{"parameter": "a"} | ROW, {"parameter": "b"} | ROW | {"person": 0.0}, {"parameter": "c"} | ROW])
    found = table.Identifiability("m", True, _with_problems(two))
    assert found.verdict() == (
        "These data tell 2 of 3 parameters of m without reservation. b of single persons is hardly known: their estimates"
        " are the population's."
    )
