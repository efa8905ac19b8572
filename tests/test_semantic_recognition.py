"""Similarity of meaning in recognition: gcm(semantic=True), from files of vectors to likelihood, fits and the shell."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from recognition_tables import stack, study_table, trial_table
from scipy.special import expit, ndtri
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.identifiability.design import design_objection
from kvfit.inference import fit as fitting
from kvfit.inference.pointwise import with_log_likelihood
from kvfit.inference.settings import FitSettings
from kvfit.memory.similarity import distance
from kvfit.recognition.binding import BindingError
from kvfit.recognition.evidence.gcm import similarity, summed_similarity
from kvfit.recognition.model import RecognitionModel

SPEC = "gcm(semantic=True)"
TRUTH = {
    "similarity": 0.02,
    "w_sem": 0.6,
    "criterion": 0.8,
    "spacing_1": 0.7,
    "spacing_2": 0.6,
    "spacing_3": 0.6,
    "spacing_4": 0.7,
}
#: Words of ten topics, so that cosines lie between -.5 and .9.
N_WORDS, N_TOPICS, N_DIMENSIONS = 200, 10, 12


def _vectors() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    topics = rng.normal(size=(N_TOPICS, N_DIMENSIONS))
    at = topics[np.arange(N_WORDS) % N_TOPICS] + 0.7 * rng.normal(size=(N_WORDS, N_DIMENSIONS))
    return pd.DataFrame(at, index=[f"w{k}" for k in range(N_WORDS)]).add_prefix("d")


def _data(n_participants: int, n_lists: int, n_items: int = 12) -> kv.RecognitionData:
    """Lists of words of which two topics are frequent; as many new words at test."""
    rng, tables = np.random.default_rng(12), []
    for person in range(1, n_participants + 1):
        for label in range(1, n_lists + 1):
            chance = np.where(np.isin(np.arange(N_WORDS) % N_TOPICS, rng.choice(N_TOPICS, 2, replace=False)), 3.0, 1.0)
            words = [f"w{k}" for k in rng.choice(N_WORDS, 2 * n_items, replace=False, p=chance / chance.sum())]
            study = study_table(person, words[:n_items], list=label)
            test = trial_table(person, [5] * n_items, [2] * n_items, phase="test").assign(item=words, list=label)
            tables += [study, test]
    return kv.read_recognition(stack(*tables), scale="1-6", name="words")


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "vectors.csv"
    _vectors().to_csv(path)
    return path


@pytest.fixture(scope="module")
def data() -> kv.RecognitionData:
    return _data(2, 3)


@pytest.fixture(scope="module")
def cosine(vectors: Path, data: kv.RecognitionData) -> np.ndarray:
    return kv.read_similarity(vectors, data)


def _model(spec: str, data: kv.RecognitionData) -> RecognitionModel:
    model = kv.get_model(spec).bind(data)
    assert isinstance(model, RecognitionModel)
    return model


@pytest.mark.parametrize("w_sem", [0.0, 0.4, 1.0])
def test_familiarity_is_that_of_exemplars_one_by_one(w_sem: float, vectors: Path, data: kv.RecognitionData) -> None:
    """Distances of Nosofsky (1986) between the words themselves, and the ratio rule, give the same P(old)."""
    c = -np.log(TRUTH["similarity"])
    at = _vectors().to_numpy()
    at = at / np.linalg.norm(at, axis=1, keepdims=True)
    # half of the squared distance of vectors of length 1 is 1 - cosine
    meaning = distance(at, at, np.ones(N_DIMENSIONS)) ** 2 / 2.0
    words = [f"w{k}" for k in range(N_WORDS)]
    s = similarity(w_sem * meaning + (1.0 - w_sem) * (1.0 - np.eye(N_WORDS)), c)
    assert data.studied is not None
    studied = data.studied.groupby(["subject", "list"])["item"].agg(list)
    expected = []
    for trial in data.trials.itertuples():
        exemplars = [words.index(word) for word in studied[trial.subject, trial.list]]
        familiarity = summed_similarity(s[words.index(trial.item), exemplars], np.ones(len(exemplars)))
        k = 12 * TRUTH["similarity"] * np.exp(TRUTH["criterion"])
        expected.append(familiarity / (familiarity + k))
    yes_no = _yes_no(data)
    model = _model(SPEC, yes_no)
    # criteria stand on the probit scale of an unrelated new item of the list
    values = {"similarity": TRUTH["similarity"], "w_sem": w_sem, "criterion": float(ndtri(expit(TRUTH["criterion"])))}
    design = model.design(yes_no, kv.read_similarity(vectors, yes_no))
    found = np.exp(model.log_probabilities(design, {k: np.full(2, v) for k, v in values.items()}))[:, 1]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def _yes_no(data: kv.RecognitionData) -> kv.RecognitionData:
    assert data.studied is not None
    test = data.trials[["subject", "list", "position", "item", "old"]].assign(phase="test", response=data.response // 4)
    study = data.studied[["subject", "list", "position", "item"]].assign(phase="study")
    return kv.read_recognition(stack(study, test), scale="0-1", name="yes_no")


def test_the_model_is_sound() -> None:
    report = kv.check_model(SPEC)
    assert report.ok, str(report)


def test_meaning_alone_is_a_gaussian_gradient_over_directions() -> None:
    at = _vectors().to_numpy()[:5]
    at = at / np.linalg.norm(at, axis=1, keepdims=True)
    gaussian = similarity(distance(at, at, np.ones(N_DIMENSIONS)), 2.0 / 2.0, p=2.0)
    np.testing.assert_allclose(similarity(1.0 - at @ at.T, 2.0), gaussian, rtol=1e-12)


@pytest.mark.parametrize("lag", ["ignored", "power"])
def test_without_attention_to_meaning_it_is_the_plain_model(
    lag: str, data: kv.RecognitionData, cosine: np.ndarray
) -> None:
    values = TRUTH | ({"forgetting": 0.3} if lag == "power" else {})
    plain = {k: v for k, v in values.items() if k != "w_sem"}
    found = kv.log_likelihood(f"gcm(semantic=True, lag={lag})", data, values | {"w_sem": 0.0}, similarity=cosine)
    np.testing.assert_allclose(found, kv.log_likelihood(f"gcm(lag={lag})", data, plain), rtol=1e-12)


def test_weight_recovered_and_the_right_similarities_fit_best(vectors: Path) -> None:
    data = _data(8, 24)
    cosine = kv.read_similarity(vectors, data)
    made = kv.simulate(SPEC, data, TRUTH, 3, similarity=cosine)
    fit = kv.point_fit(SPEC, made, similarity=cosine, show_progress=False)
    estimates = fit.estimates
    assert estimates["w_sem"].mean() == pytest.approx(TRUTH["w_sem"], abs=0.1)
    assert np.log(estimates["similarity"]).mean() == pytest.approx(np.log(TRUTH["similarity"]), abs=0.2)
    rng = np.random.default_rng(4)
    # other probes' similarities, of the same status, so that the own item stays out
    order = np.arange(data.n_trials)
    for kind in (data.old, ~data.old):
        order[kind] = rng.permutation(order[kind])
    others = kv.point_fit(SPEC, made, similarity=cosine[order], show_progress=False)
    without = kv.point_fit("gcm", made, show_progress=False)
    best, wrong, plain = (float(f.table["log_likelihood"].sum()) for f in (fit, others, without))
    assert best > wrong + 15
    assert best > plain + 15
    assert others.estimates["w_sem"].mean() < 0.4 * estimates["w_sem"].mean()


def test_every_trial_is_a_cell_with_and_without_items(data: kv.RecognitionData, cosine: np.ndarray) -> None:
    plain = _model(SPEC, data)
    crossed = plain.with_items("criterion:new+criterion:old")
    for model in (plain, crossed):
        design = model.design(data, cosine)
        np.testing.assert_array_equal(design.similarity, cosine)
        assert design.n_cells == design.n_units == data.n_trials
        person = design.one_participant(1)
        np.testing.assert_array_equal(person.similarity, cosine[data.participant == 1])
    back, design = crossed.design(data, cosine).without_items(), plain.design(data, cosine)
    assert back.item is None
    np.testing.assert_array_equal(back.similarity, design.similarity)
    np.testing.assert_array_equal(back.counts, design.counts)
    zero = {"criterion:new": np.zeros(len(data.items)), "criterion:old": np.zeros(len(data.items))}
    np.testing.assert_allclose(
        kv.log_likelihood(crossed, data, TRUTH, item_effects=zero, similarity=cosine),
        kv.log_likelihood(SPEC, data, TRUTH, similarity=cosine),
        rtol=1e-13,
    )
    assert design_objection(plain, data, cosine) == ""


def test_the_pymc_model_has_the_same_likelihood(data: kv.RecognitionData, cosine: np.ndarray) -> None:
    model = _model(SPEC, data)
    design = model.design(data, cosine)
    values = {name: np.array([v, 1.1 * v]) for name, v in TRUTH.items()}
    with pm.Model() as pymc_model:
        model.observe("responses", design, {name: pm.Flat(name, shape=2) for name in values})
    total = pymc_model.compile_fn(pymc_model.logp(vars=[pymc_model["responses"]]), mode="FAST_COMPILE")
    single = model.log_likelihood(design, {k: v[None] for k, v in values.items()})[0]
    np.testing.assert_allclose(total(values), single.sum(), rtol=1e-12)
    # one response at a time, and from the whole table
    table = model.log_probabilities(design, values)[np.arange(data.n_trials), data.response - 1]
    np.testing.assert_allclose(single[design.unit_of_observation], table, rtol=1e-12)


def test_similarities_that_are_missing_or_do_not_fit(data: kv.RecognitionData, cosine: np.ndarray) -> None:
    def said(similarity: Any) -> str:
        with pytest.raises(ValueError, match="gcm") as caught:
            kv.log_likelihood(SPEC, data, TRUTH, similarity=similarity)
        return str(caught.value)

    assert "needs similarity=, an array (trial, studied item)" in said(None)
    with pytest.raises(ValueError, match=r"needs similarity=, an array \(trial, studied item\) .* kv.read_similarity"):
        kv.fit(SPEC, data, show_progress=False)
    assert "with 144 trials, found (143, 12)" in said(cosine[1:])
    assert "found (3, 12, 12)" in said(np.zeros((3, 12, 12)))
    assert "found 11 columns and list_length 12, first at participant 1, list 1" in said(cosine[:, 1:])
    own = np.where(cosine == 0.0, 1.0, cosine)
    assert "found 12 other items where list_length is 12, at participant 1, list 1, position 1, old item" in said(own)
    wrong = own.copy()
    wrong[5, 3], wrong[6, 2] = np.nan, 40.0
    message = said(wrong)
    assert "found nan at participant 1, list 1, position 6" in message
    assert "and 1 more trials" in message
    assert "found 12 other items" in message
    assert issubclass(BindingError, ValueError)


def test_models_that_do_not_use_similarities_leave_them_alone(data: kv.RecognitionData, cosine: np.ndarray) -> None:
    values = {k: v for k, v in TRUTH.items() if k != "w_sem"}
    np.testing.assert_array_equal(
        kv.log_likelihood("gcm", data, values, similarity=cosine), kv.log_likelihood("gcm", data, values)
    )


def test_fits_are_stored_with_their_similarities(
    data: kv.RecognitionData, cosine: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[np.ndarray] = []
    rng = np.random.default_rng(6)

    def sample(model: Any, data: Any, settings: FitSettings, similarity: np.ndarray, show_progress: bool) -> kv.Fit:
        asked.append(similarity)
        posterior = xr.Dataset(
            {k: (("chain", "draw", "participant"), v * rng.uniform(0.9, 1.1, (2, 20, 2))) for k, v in TRUTH.items()},
            {"participant": [str(label) for label in data.participants], "chain": range(2), "draw": range(20)},
        )
        stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, 20), dtype=bool))})
        tree = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": stats})
        design = model.design(data, similarity)
        draws = {k: v.to_numpy().reshape(40, 2) for k, v in posterior.data_vars.items()}
        pointwise = model.log_likelihood(design, draws).reshape(2, 20, -1)
        tree = with_log_likelihood(tree, model, data, design, pointwise)
        return kv.Fit(model, data, tree, settings, {}, similarity)

    monkeypatch.setattr(fitting, "_sample", sample)
    options: dict[str, Any] = {"store": tmp_path / "fits", "show_progress": False}
    first = kv.fit(SPEC, data, similarity=cosine, **options)
    again = kv.fit(SPEC, data, similarity=cosine, **options)
    assert len(asked) == 1
    np.testing.assert_array_equal(again.similarity, cosine)
    assert again.path == first.path
    np.testing.assert_array_equal(again.design.similarity, cosine)
    kv.fit(SPEC, data, similarity=0.5 * cosine, **options)
    assert len(asked) == 2


class TestShell:
    """Similarities of recognition given as a file."""

    @staticmethod
    def _run(*arguments: object) -> Any:
        return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])

    @pytest.fixture
    def table(self, data: kv.RecognitionData, tmp_path: Path) -> Path:
        assert data.studied is not None
        columns = ["subject", "list", "phase", "position", "item", "old", "response"]
        study = data.studied.assign(phase="study", old=1, response=None)
        path = tmp_path / "words.csv"
        stack(study[columns], data.trials.assign(phase="test", old=data.old.astype(int))[columns]).to_csv(
            path, index=False
        )
        return path

    def test_simulate_then_fit(self, table: Path, vectors: Path, tmp_path: Path) -> None:
        read = ["--task", "recognition", "--scale", "1-6", "--similarity", vectors]
        settings = [part for name, v in TRUTH.items() for part in ("--set", f"{name}={v}")]
        made = tmp_path / "made.csv"
        answer = self._run("simulate", SPEC, "-d", table, *read, *settings, "--seed", 3, "-o", made)
        assert answer.exit_code == 0, answer.output
        expected = kv.simulate(
            SPEC,
            kv.read_recognition(table, scale="1-6"),
            TRUTH,
            3,
            similarity=kv.read_similarity(vectors, kv.read_recognition(table, scale="1-6")),
        )
        found = kv.read_recognition(made, scale="1-6")
        np.testing.assert_array_equal(found.response, expected.response)
        fits = tmp_path / "fits.csv"
        answer = self._run("fit", SPEC, "-d", made, *read, "--method", "ml", "--starts", 2, "--quiet", "-o", fits)
        assert answer.exit_code == 0, answer.output
        assert "w_sem" in pd.read_csv(fits).columns

    def test_needed_or_useless(self, table: Path, vectors: Path) -> None:
        read = ["-d", table, "--task", "recognition", "--scale", "1-6"]
        assert f"{SPEC}: needs --similarity FILE" in str(self._run("fit", SPEC, *read).exception)
        told = str(self._run("compare", "gcm", "uvsd", *read, "--similarity", vectors).exception)
        assert "--similarity: gcm, uvsd does not use it; write semantic=True, as in gcm(semantic=True)" in told
