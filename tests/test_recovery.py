"""Parameters and models are recovered where they can be, and the words say where they cannot."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from grid_fits import grid_sample
from scipy.stats import beta, norm
from study_lists import study_table
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.batch.runner import Batch, BatchError
from kvfit.inference import fit as fitting
from kvfit.inference.maximum_likelihood import PersonObjective
from kvfit.recovery.confuse import Confusion
from kvfit.recovery.designs import resized
from kvfit.recovery.intervals import jeffreys_interval, wald_interval
from kvfit.recovery.truth import draw_prior, true_values
from kvfit.recovery.words import design_words
from kvfit.reports.figures.calibration import simultaneous_band

#: two parameters with yes/no answers, as evsd
ONE_THRESHOLD = "threshold(thresholds=1)"


@pytest.fixture(scope="module")
def ratings() -> kv.RecognitionData:
    return kv.recognition_design(6, 80, "1-4")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fits")


class TestDesigns:
    def test_say_what_they_are(self) -> None:
        recall = kv.free_recall_design(24, 16, 12)
        assert design_words(recall) == "24 participants x 16 lists of 12 items"
        assert recall.n_lists == 24 * 16
        assert recall.recalled.size == 0
        simulated = kv.simulate("random_recall", recall, {"stop_probability": 0.1, "stop_slope": 0.2}, 1)
        assert simulated.recalled.size > 24 * 16
        words = "3 participants x 50 test trials (25 old) on 2 response categories"
        assert design_words(kv.recognition_design(3, 50, "no,yes")) == words

    def test_numbers_that_are_too_small_are_all_told(self) -> None:
        with pytest.raises(ValueError, match="participants: expected at least 1, found 0") as caught:
            kv.free_recall_design(0, 4, 1)
        assert "list_length: expected at least 2, found 1" in str(caught.value)

    def test_recall_is_made_larger_and_smaller(self) -> None:
        data = kv.read_free_recall(study_table(3, 4, (6, 8)))
        same = resized(data)
        assert np.array_equal(same.recalled, data.recalled)
        assert np.array_equal(same.list_length, data.list_length)
        larger = resized(data, 7, 9, seed=3)
        assert np.bincount(larger.participant).tolist() == [9] * 7
        # every list of a person twice, one of them a third time
        own = larger.list_length[larger.participant == 0]
        assert sorted(set(np.unique(own, return_counts=True)[1])) == [4, 5]
        smaller = resized(data, 2, 3)
        assert np.bincount(smaller.participant).tolist() == [3, 3]

    def test_recognition_keeps_its_share_of_old_items(self, ratings: kv.RecognitionData) -> None:
        smaller = resized(ratings, 2, 21)
        assert np.bincount(smaller.participant).tolist() == [21, 21]
        assert set(np.bincount(smaller.participant, weights=smaller.old)) == {10.0}
        assert kv.get_model("minerva2").bind(smaller).design(smaller).n_observations == 42


class TestTruth:
    def test_prior_is_that_of_the_fitted_model(self, ratings: kv.RecognitionData) -> None:
        model = kv.get_model("evsd").bind(ratings)
        few = draw_prior(model, ratings, 1, 5, pooling="partial")
        many = draw_prior(model, ratings, 300, 5, pooling="partial")
        for name, values in many[0].persons.items():
            assert np.array_equal(values, few[0].persons[name])
        d = model.parameters[0]
        means = np.array([draw.population["population_mean"][0] for draw in many])
        assert abs(means.mean() - d.location) < 4 * d.scale / np.sqrt(300)
        assert 0.85 < means.std() / d.scale < 1.15
        # persons lie around their population's mean, by its standard deviation
        standardised = np.concatenate(
            [
                (d.to_unconstrained(t.persons[d.name]) - t.population["population_mean"][0])
                / t.population["population_sd"][0]
                for t in many
            ]
        )
        assert abs(standardised.mean()) < 0.1
        assert abs(standardised.std() - 1) < 0.05

    def test_each_person_alone_has_the_parameters_own_prior(self, ratings: kv.RecognitionData) -> None:
        model = kv.get_model("evsd").bind(ratings)
        drawn = draw_prior(model, ratings, 200, 6, pooling="none")
        assert not drawn[0].population
        for p in model.parameters:
            x = p.to_unconstrained(np.concatenate([t.persons[p.name] for t in drawn]))
            assert abs(x.mean() - p.location) < 4 * p.scale / np.sqrt(x.size)
            assert abs(x.std() / p.scale - 1) < 0.08

    def test_people_of_another_number_are_drawn_from_those_known(self, ratings: kv.RecognitionData) -> None:
        model = kv.get_model("evsd").bind(ratings)
        table = pd.DataFrame(
            {p.name: np.linspace(0.5, 1.5, 6) for p in model.parameters}, index=pd.Index(ratings.participants)
        )
        draw = partial(true_values, table, model, ratings, pooling="none", n=2, seed=1)
        assert np.array_equal(draw(ratings)[1].persons["d_prime"], table["d_prime"])
        first, second = (t.persons["d_prime"] for t in draw(resized(ratings, 9)))
        assert first.size == 9
        assert set(first) <= set(table["d_prime"])
        assert not np.array_equal(first, second)
        with pytest.raises(ValueError, match="truth: expected 'prior', 'fit'"):
            true_values("guess", model, ratings, ratings, 1, 0, pooling="none")


class TestIntervals:
    def test_proportions(self) -> None:
        lower, upper = jeffreys_interval([0, 3, 10], 10, 0.9)
        assert lower[0] == 0.0
        assert upper[2] == 1.0
        # Jeffreys: the posterior under Beta(1/2, 1/2)
        assert beta.cdf(lower[1], 3.5, 7.5) == pytest.approx(0.05)
        assert beta.cdf(upper[1], 3.5, 7.5) == pytest.approx(0.95)
        assert np.isnan(jeffreys_interval(0, 0)[0])

    def test_curvature(self) -> None:
        class Quadratic:
            scale = np.array([2.0, 0.5, 1.0])
            precision = np.diag([4.0, 25.0, 0.0]) + np.array([[0, 3.0, 0], [3.0, 0, 0], [0, 0, 0]])

            def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
                return float(x @ self.precision @ x) / 2, self.precision @ x

        objective: Any = Quadratic()
        lower, upper = wald_interval(objective, np.zeros(3), 0.9)
        spread = np.sqrt(np.diag(np.linalg.inv(Quadratic.precision[:2, :2])))
        assert upper[:2] == pytest.approx(norm.ppf(0.95) * spread, rel=1e-6)
        assert lower[:2] == pytest.approx(-upper[:2])
        # nothing is known about the third
        assert np.isnan(upper[2])

    def test_band_holds_as_many_as_it_says(self) -> None:
        at, lower, upper = simultaneous_band(40)
        drawn = np.sort(np.random.default_rng(3).random((2000, 40)), axis=1)
        ecdf = np.stack([np.searchsorted(one, at, side="right") for one in drawn]) / 40
        inside = ((ecdf >= lower) & (ecdf <= upper)).all(axis=1).mean()
        assert 0.93 < inside < 0.985


class TestRecover:
    def test_signal_detection_is_recovered(self, ratings: kv.RecognitionData, store: Path, tmp_path: Path) -> None:
        found = kv.recover("evsd", ratings, method="map", replicates=8, seed=1, store=store, show_progress=False)
        table = found.table.set_index("parameter")
        assert set(table["n"]) == {48}
        assert (table["rank_correlation"] > 0.8).all()
        # all five intervals together: 240, of which 216 are to hold the truth
        assert 0.84 < (table["coverage"] * (table["n"] - table["no_interval"])).sum() / 192 < 0.96
        assert "is informative about" in found.verdict()
        assert "6 participants x 80 test trials (40 old)" in found.verdict()
        again = kv.recover("evsd", ratings, method="map", replicates=2, seed=1, store=store, show_progress=False)
        assert again.batch.n_found == 2
        part = found.persons[found.persons["replicate"] <= 2].reset_index(drop=True)
        pd.testing.assert_frame_equal(again.persons, part)
        folder = found.write(tmp_path / "out")
        assert (folder / "recovery.png").read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv(folder / "persons.csv")) == 8 * 6 * len(table)

    def test_what_nothing_informs_is_said(self, store: Path) -> None:
        # one trial of each kind says nothing about single persons
        tiny = kv.recognition_design(10, 2, "1-4")
        found = kv.recover("uvsd", tiny, method="map", replicates=5, seed=2, store=store, show_progress=False)
        assert "says next to nothing about single persons' sigma" in found.verdict()

    def test_problems_are_told_before_anything_is_computed(self, ratings: kv.RecognitionData) -> None:
        with pytest.raises(ValueError, match="method: expected one of ml, map, posterior") as caught:
            kv.recover("evsd", ratings, method="bayes", starts=0)  # type: ignore[arg-type]
        assert "starts: expected at least 1" in str(caught.value)
        with pytest.raises(ValueError, match="draws are of method='posterior'"):
            kv.recover("evsd", ratings, draws=10)
        with pytest.raises(ValueError, match="effects of items need method='posterior'"):
            kv.recover("evsd(items=default)", ratings)
        with pytest.raises(ValueError, match="a model of free recall"):
            kv.recover("cmr", ratings)


def scores(right: int, wrong: int, n_participants: int = 2) -> pd.DataFrame:
    """Scores: the first model is found `right` times, by 3, and missed `wrong` times; the second is always found."""
    rows = []
    for generator, lead in (("a", [3.0] * right + [-1.0] * wrong), ("b", [-2.0] * (right + wrong))):
        for replicate, value in enumerate(lead):
            for person in range(n_participants):
                # the first person carries the whole difference, the others lean a little the other way
                own = value + 0.1 * (n_participants - 1) * np.sign(value) if person == 0 else -0.1 * np.sign(value)
                rows += [(generator, replicate, person, "a", own - 50.0), (generator, replicate, person, "b", -50.0)]
    return pd.DataFrame(rows, columns=["generator", "replicate", "participant", "model", "aic"])


def confusion(table: pd.DataFrame) -> Confusion:
    return Confusion(("a", "b"), table, "aic", "a design", "a method", "from somewhere", Batch((), (), 0))


class TestConfuse:
    def test_counts_and_inverse(self) -> None:
        found = confusion(scores(6, 4))
        table = found.table().set_index(["generator", "chosen"])
        assert table["count"].to_dict() == {("a", "a"): 6, ("a", "b"): 4, ("b", "a"): 0, ("b", "b"): 10}
        inverse = found.inverse().set_index(["generator", "chosen"])["share"]
        assert inverse["a", "a"] == 1.0
        assert inverse["a", "b"] == pytest.approx(4 / 14)
        assert found.choices()["lead"].to_numpy() == pytest.approx([3.0] * 6 + [1.0] * 4 + [2.0] * 10)
        # the second person of each data set leans the other way
        persons = found.table("person").set_index(["generator", "chosen"])["count"]
        assert persons["a", "a"] == 10
        assert persons["b", "b"] == 10

    def test_data_sets_that_a_model_failed_on_are_left_out(self) -> None:
        table = scores(6, 4)
        gone = (table["generator"] == "a") & (table["replicate"] == 0) & (table["model"] == "b")
        assert confusion(table[~gone]).table()["n"].tolist() == [9, 9, 10, 10]
        table.loc[gone & (table["participant"] == 1), "aic"] = np.nan
        assert confusion(table).table()["n"].tolist() == [9, 9, 10, 10]

    @pytest.mark.parametrize(
        ("right", "wrong", "words"),
        [(60, 0, "Yes, these models"), (30, 30, "No, not all"), (10, 0, "Undecided with so few"), (55, 5, "Undecided")],
    )
    def test_verdict(self, right: int, wrong: int, words: str) -> None:
        text = confusion(scores(right, wrong)).verdict()
        assert text.startswith(words)
        assert f"in {2 * right + wrong} of {2 * (right + wrong)} simulated data sets" in text

    def test_models_are_told_apart(self, ratings: kv.RecognitionData, store: Path, tmp_path: Path) -> None:
        # far apart in how much is remembered, so that few data sets suffice
        far = {
            name: pd.DataFrame(
                {p.name: p.to_natural(p.location) for p in kv.get_model(name).bind(ratings).parameters}
                | {"d_prime": 1.5}
                | ({"sigma": 3.0} if name == "uvsd" else {}),
                index=pd.Index(ratings.participants, name="subject"),
            )
            for name in ("uvsd", "evsd")
        }
        found = kv.confuse(["uvsd", "evsd"], ratings, truth=far, replicates=3, store=store, show_progress=False)
        assert found.table()["share"].tolist() == [1.0, 0.0, 0.0, 1.0]
        assert "given as a table" in found.verdict()
        # other criteria come from the same fits
        by_bic = kv.confuse(
            ["uvsd", "evsd"], ratings, truth=far, replicates=3, criterion="bic", store=store, show_progress=False
        )
        assert by_bic.batch.n_found == 12
        assert (found.write(tmp_path / "out") / "confusion.png").stat().st_size > 10_000

    def test_what_cannot_work_is_refused(self, ratings: kv.RecognitionData) -> None:
        with pytest.raises(ValueError, match="MAP estimates have no criterion"):
            kv.confuse(["uvsd", "evsd"], ratings, method="map")
        with pytest.raises(ValueError, match="found 'elpd' with 'ml'"):
            kv.confuse(["uvsd", "evsd"], ratings, criterion="elpd")
        with pytest.raises(ValueError, match="expected two or more"):
            kv.confuse(["uvsd"], ratings)
        with pytest.raises(ValueError, match="evsd: given twice"):
            kv.confuse(["evsd", "evsd"], ratings)
        with pytest.raises(ValueError, match="evsd: missing"):
            kv.confuse(["uvsd", "evsd"], ratings, truth={"uvsd": "prior"})

    def test_design_curve_counts_groups_that_do_not_overlap(self, ratings: kv.RecognitionData, store: Path) -> None:
        found = kv.design_curve(
            ["uvsd", "evsd"], ratings, participants=[2, 5], observations=[20, 60], replicates=2, store=store,
            show_progress=False,
        )  # fmt: skip
        counts = found.table.set_index(["observations", "participants", "model"])["n"]
        assert counts[20, 5, "uvsd"] == 2
        assert counts[60, 2, "evsd"] == 4
        whole = found.confusions[1].table().query("generator == chosen").set_index("generator")["count"]
        largest = found.table.query("observations == 60 and participants == 5").set_index("model")["count"]
        assert largest.to_dict() == whole.to_dict()
        assert "with 20 trials each" in found.verdict()
        assert found.figure().get_axes()


class TestPosterior:
    @pytest.mark.slow
    def test_calibration_passes_and_sees_a_posterior_that_is_too_narrow(
        self, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        design = kv.recognition_design(2, 30, "no,yes")
        settings: dict[str, Any] = {"pooling": "none", "draws": 60, "chains": 2, "show_progress": False}
        monkeypatch.setattr(fitting, "_sample", grid_sample)
        found = kv.calibrate("evsd", design, simulations=40, store=store, seed=3, **settings)
        assert list(found.ranks) == ["d_prime[first participant]", "criterion[first participant]", "log-likelihood"]
        assert found.table["passed"].all()
        assert "ranks of all 3 quantities are compatible" in found.verdict()
        assert len(found.write(tmp_path / "out").joinpath("calibration.png").read_bytes()) > 10_000
        monkeypatch.setattr(fitting, "_sample", partial(grid_sample, shrink=0.3))
        narrow = kv.calibrate("evsd", design, simulations=40, seed=3, **settings)
        assert not narrow.table["passed"].any()
        assert "NOT calibrated" in narrow.verdict()
        assert "d_prime[first participant] (posterior too narrow)" in narrow.verdict()

    def test_posteriors_recover_and_choose(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fitting, "_sample", grid_sample)
        design = kv.recognition_design(8, 100, "no,yes")
        settings: dict[str, Any] = {"method": "posterior", "pooling": "none", "draws": 200, "chains": 2}
        found = kv.recover("evsd", design, replicates=4, show_progress=False, **settings)
        assert (found.table["rank_correlation"] > 0.8).all()
        assert found.table["coverage"].between(0.7, 1.0).all()
        models = ["evsd", ONE_THRESHOLD]
        choice = kv.confuse(models, design, replicates=2, show_progress=False, **settings)
        assert choice.criterion == "elpd"
        assert choice.table()["n"].tolist() == [2, 2, 2, 2]

    def test_a_batch_of_fits_is_that_of_single_fits(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        sampled = []

        def sample(model: Any, data: Any, *rest: Any) -> kv.Fit:
            sampled.append((model.label, data.n_participants))
            if model.label == ONE_THRESHOLD and data.n_participants == 1:
                raise ValueError("no luck")
            return grid_sample(model, data, *rest)

        monkeypatch.setattr(fitting, "_sample", sample)
        folds = [kv.recognition_design(n, 40, "no,yes") for n in (2, 1)]
        settings: dict[str, Any] = {"pooling": "none", "draws": 50, "chains": 2, "show_progress": False}
        alone = kv.fit("evsd", folds[0], store=tmp_path, **settings)
        with pytest.raises(BatchError, match="no luck"):
            kv.fit_batch(["evsd", ONE_THRESHOLD], folds, store=tmp_path, **settings)
        monkeypatch.setattr(fitting, "_sample", lambda *a: sampled.append((a[0].label, "again")) or grid_sample(*a))
        fits = kv.fit_batch(["evsd", ONE_THRESHOLD], folds, store=tmp_path, **settings)
        assert [(f.label, f.data.n_participants) for f in fits] == [
            ("evsd", 2), (ONE_THRESHOLD, 2), ("evsd", 1), (ONE_THRESHOLD, 1),
        ]  # fmt: skip
        assert fits[0].path == alone.path
        # nothing was sampled twice but what had failed
        assert sampled == [("evsd", 2), (ONE_THRESHOLD, 2), ("evsd", 1), (ONE_THRESHOLD, 1), (ONE_THRESHOLD, "again")]


class TestShell:
    def run(self, *arguments: object) -> Any:
        return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])

    def test_confuse_answers_about_an_experiment_that_was_not_run(self, store: Path, tmp_path: Path) -> None:
        found = self.run(
            "confuse", "evsd", "uvsd", "-n", 2, "--trials", 40, "--scale", "1-4", "--replicates", 2, "--quiet",
            "--store", store, "-o", tmp_path / "out",
        )  # fmt: skip
        assert found.exit_code == 0, found.output
        assert "Simulated: 2 participants x 40 test trials (20 old)" in found.output
        assert (tmp_path / "out" / "confusion.csv").exists()

    def test_compare_hands_fits_to_other_processes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: dict[str, Any] = {}

        def batch(models: Any, data: Any, **options: Any) -> Any:
            asked.update(options, models=[model.label for model in models], n=data.n_participants)
            raise ValueError("enough")

        monkeypatch.setattr(kv, "fit_batch", batch)
        command = ["compare", "evsd", "uvsd", "--data", "simulated_recognition", "-n", 2, "--store", tmp_path]
        assert "enough" in str(self.run(*command, "--workers", 2, "--draws", 7).exception)
        assert asked["models"] == ["evsd", "uvsd"]
        assert {name: asked[name] for name in ("n", "workers", "dask", "cores", "draws")} == {
            "n": 2, "workers": 2, "dask": None, "cores": 1, "draws": 7,
        }  # fmt: skip
        self.run(*command, "--dask", "tcp://127.0.0.1:1", "--cores", 4)
        assert (asked["dask"], asked["cores"]) == ("tcp://127.0.0.1:1", 4)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["confuse", "evsd", "uvsd", "-n", 2, "--trials", 40], "missing: --scale"),
            (["confuse", "cmr", "tcm", "-n", 2], "missing: --lists, --list-length"),
            (["confuse", "cmr", "uvsd", "-n", 2], "models of one task"),
            (["recover", "cmr", "--truth", "fit"], "needs --data"),
            (["recover", "evsd", "-n", 2, "--trials", 9, "--scale", "1-4", "--draws", 5], "--draws: of --method posterior"),
            (["confuse", "evsd", "uvsd", "-n", 2, "--trials", 9, "--scale", "1-4", "--try-lists", "4"], "--try-lists"),
            (["recover", "evsd", "--data", "simulated_recognition", "--lists", 4], "--lists: these are data of recognition"),
        ],
    )  # fmt: skip
    def test_what_is_missing_is_told(self, arguments: list[object], message: str) -> None:
        found = self.run(*arguments)
        assert found.exit_code == 1
        assert message in str(found.exception)


def test_objective_of_one_person_gives_the_interval(ratings: kv.RecognitionData) -> None:
    """The interval of d' on many trials is nearly that of the textbook (Gourevitch & Galanter 1967)."""
    design = kv.recognition_design(1, 4000, "no,yes")
    data = kv.simulate("evsd", design, {"d_prime": 1.0, "criterion": 0.5}, 3)
    model = kv.get_model("evsd").bind(data)
    hits, false_alarms = (float((data.response[kind] == 2).mean()) for kind in (data.old, ~data.old))
    d = norm.ppf(hits) - norm.ppf(false_alarms)
    variance = sum(p * (1 - p) / (2000 * norm.pdf(norm.ppf(p)) ** 2) for p in (hits, false_alarms))
    objective = PersonObjective(model, model.design(data).one_participant(0))
    names = [p.name for p in model.parameters]
    at = {"d_prime": d, "criterion": -norm.ppf(false_alarms)}
    x = np.array([float(p.to_unconstrained(at[p.name])) for p in model.parameters])
    lower, upper = wald_interval(objective, x, 0.9)
    k = names.index("d_prime")
    p = model.parameters[k]
    # on the unconstrained scale of d', whose slope at d turns it into d' itself
    slope = (float(p.to_natural(x[k] + 1e-5)) - float(p.to_natural(x[k] - 1e-5))) / 2e-5
    assert (upper[k] - lower[k]) / 2 * slope == pytest.approx(norm.ppf(0.95) * np.sqrt(variance), rel=1e-3)
