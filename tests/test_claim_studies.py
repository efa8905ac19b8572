"""The analyses of keys and values in free recall: their questions, their statistics, and one run from data to page."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_scripts import ANALYSES
from study_lists import study_table

import kvfit as kv
from kvfit.comparison.new_person import new_person
from kvfit.reports.statistics import carried_by, predictive_statistics, scored_responses
from kvfit.tasks.curves import lag_rank
from kvfit.tasks.curves.semantic_clustering import similarity_rank

SCRIPTS = ("keys_and_values_in_recall", "distinct_keys_and_values", "keys_matched_not_recalled")


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ANALYSES)
        yield {name: importlib.import_module(name) for name in ("claim_studies", *SCRIPTS)}


def test_claims_are_about_models_that_are_fitted(scripts: dict[str, ModuleType]) -> None:
    studies = [scripts[name].STUDY for name in ("keys_and_values_in_recall", "keys_matched_not_recalled")]
    for study in studies:
        # canonical names, or fits would not be found by them
        assert [kv.get_model(name).label for name in study.models] == list(study.models)
        assert set(study.pairs) == {pair for claim in study.claims for pair in claim.pairs}
    distinct = scripts["distinct_keys_and_values"]
    both, one = (kv.get_model(name) for name in (distinct.BOTH_MEANING, distinct.ONE_MEANING))
    assert both.semantic
    assert one.semantic
    # same choice and stopping
    assert both.separation == one.separation  # type: ignore[attr-defined]
    assert both.stopping == one.stopping  # type: ignore[attr-defined]
    without = distinct.claims(with_meaning=False)
    assert {name for claim in without for name in claim.models} == {
        distinct.BOTH, distinct.KEY, distinct.ONE,
    }  # fmt: skip


def test_stopping_after_isolated_items(scripts: dict[str, ModuleType]) -> None:
    stops = scripts["keys_matched_not_recalled"].stops_when_isolated
    # at the second output: twice after an item without neighbours left (one stop), twice with one left (no stop)
    responses = np.array([[4, 5, 0, 0, 0], [4, 5, 1, 0, 0], [2, 3, 1, 0, 0], [2, 4, 1, 0, 0]], dtype=np.int16)
    length, person = np.full(4, 5), np.zeros(4, dtype=np.int64)
    # output 1: 4, 4, 2, 2 have neighbours, none stops: no weight. Output 2: 5 is isolated (one of two stops), 3 and 4
    # have neighbours left and none stops: difference 1/2, weight 1. Output 3: 1 is isolated in list 3, not in lists 2 and
    # 4; all stop.
    expected = (0.5 * 1.0 + 0.0 * (1 * 2 / 3)) / (1.0 + 2 / 3)
    np.testing.assert_allclose(stops(responses, length, person), [expected])
    np.testing.assert_allclose(stops(responses[None], length, person), [[expected]])


def test_a_rule_that_counts_recalls_does_not_see_isolation(scripts: dict[str, ModuleType]) -> None:
    data = simulated("serial_position", n_lists=300)
    found = scripts["keys_matched_not_recalled"].stops_when_isolated(
        scored_responses(data), data.list_length, data.participant
    )
    assert np.abs(found).max() < 0.1
    match = simulated("kv_recall(stopping=match)", n_lists=300)
    found = scripts["keys_matched_not_recalled"].stops_when_isolated(
        scored_responses(match), match.list_length, match.participant
    )
    assert found.mean() > 0.1


def simulated(model: str, n_participants: int = 3, n_lists: int = 8) -> Any:
    data = kv.read_free_recall(study_table(n_participants, n_lists))
    values = {p.name: [float(p.to_natural(p.location))] * n_participants for p in kv.get_model(model).parameters}
    return kv.simulate(model, data, pd.DataFrame(values, index=data.participants), seed=4)


def test_compound_cueing_and_meanings(scripts: dict[str, ModuleType]) -> None:
    distinct = scripts["distinct_keys_and_values"]
    # after steps of one: near, far, near; after a remote step: far, near
    responses = np.array([[1, 2, 3, 8, 2], [8, 1, 2, 3, 0], [1, 8, 3, 0, 0]], dtype=np.int16)
    after_near, after_remote = (1 + 0 + 1) / 3, (0 + 1 + 0) / 3
    found = distinct.compound_cueing(responses, np.zeros(3, dtype=np.int64))
    np.testing.assert_allclose(found, [after_near - after_remote])
    data = simulated("kv_recall")
    similarity = np.random.default_rng(0).random((data.n_lists, 8, 8))
    for statistic in distinct.statistics(data, similarity).values():
        assert statistic(scored_responses(data)).shape == (3,)
    assert len(distinct.statistics(data, None)) == len(distinct.statistics(data, similarity)) - 1


def test_similarity_rank_step_by_step() -> None:
    similarity = np.zeros((1, 4, 4))
    similarity[0, 0] = [0.0, 0.9, 0.5, 0.1]
    similarity[0, 2] = [0.5, 0.3, 0.0, 0.3]
    # from 1 to 3: second of three, rank (3 - 2) / 2; from 3 to 2: tied with 4, rank 1.5 of two; then only 4 is left
    found = similarity_rank([[1, 3, 2, 4]], [4], similarity)
    assert found[0] == pytest.approx((0.5 + 0.5) / 2)
    closest = similarity_rank(np.array([[[1, 2, 0, 0]], [[1, 4, 0, 0]]]), [4], similarity)
    np.testing.assert_allclose(closest, [[1.0], [0.0]])
    with pytest.raises(ValueError, match=r"found shape \(1, 3, 3\)"):
        similarity_rank([[1, 3, 2, 4]], [4], similarity[:, :3, :3])


def test_similarity_rank_is_lag_rank_where_similarity_is_nearness() -> None:
    rng = np.random.default_rng(5)
    responses = np.stack([rng.permutation(9)[:7] + 1 for _ in range(40)])
    responses[rng.random(responses.shape) < 0.1] = -1
    position = np.arange(9)
    nearness = -np.abs(position[:, None] - position) * np.ones((40, 1, 1))
    group = np.arange(40) // 10
    np.testing.assert_allclose(
        similarity_rank(responses, [9] * 40, nearness, group), lag_rank(responses, [9] * 40, group)
    )


def test_what_carries_a_difference() -> None:
    table = pd.DataFrame(
        {
            "statistic": ["asymmetry", "asymmetry", "starts", "starts"],
            "model": ["two", "one"] * 2,
            "misfit": [0.5, -6.0, 2.5, 3.0],
        }
    )
    words = carried_by(table, "two", "one")
    assert "asymmetry (misfit in standard errors: two 0.5, one 6.0)." in words
    assert "Both miss starts" in words
    assert "None of these" in carried_by(table.assign(misfit=0.1), "two", "one")


@pytest.mark.slow
def test_from_data_to_page(scripts: dict[str, ModuleType], tmp_path: Path) -> None:
    claims = scripts["claim_studies"]
    data = simulated("serial_position", n_participants=4)
    study = claims.Study(
        "tiny", "Tiny", (claims.between("positions differ", "they do not", "serial_position", "random_recall"),)
    )  # fmt: skip
    options = "--draws 150 --tune 150 --cores 1 --replicates 1 --person-draws 50 --predictive-draws 20 --quiet"
    store = tmp_path / "fits"
    arguments = claims.parser(None).parse_args(
        [*options.split(), "--evidence", "laplace", "--store", str(store), "--output", str(tmp_path)]
    )
    found, fits = claims.answer(study, data, arguments)
    (decision,) = found.decisions
    assert "For a further list of these people serial_position is better, by " in str(decision)
    assert "for a new person serial_position is better" in str(decision)
    assert "Simulated experiments like this one, judged by AIC, each person alone, " in str(decision)
    page = claims.write(study, found, arguments).read_text(encoding="utf-8")
    for section in ("claims", "new-people", "model-use", "confusion"):
        assert f'id="{section}"' in page
    assert decision.headline in page
    assert (tmp_path / "tiny_confusion" / "verdict.txt").is_file()
    share, lists = scripts["distinct_keys_and_values"].share_by_person, np.ones(data.participant.size)
    recalled = {"recalled": lambda responses: share((responses > 0).sum(axis=-1), lists, data.participant)}
    table = predictive_statistics(fits, recalled, 20, show_progress=False)
    assert (table["lower"] <= table["predicted"]).all()
    assert (table["misfit"].abs() < 3).all()
    # the quick way finds the simulations again and says the same
    (by_aic,) = claims.answer_by_aic(study, data, arguments).decisions
    assert "For the same responses by AIC serial_position is better" in str(by_aic)
    assert (tmp_path / "tiny_aic.txt").read_text(encoding="utf-8") == f"{by_aic}\n"
    # persons were integrated out once, and are found again
    (kept,) = (store / "new-persons").glob("serial_position*.npz")
    written = kept.stat().st_mtime_ns
    again = new_person(fits["serial_position"], draws=50, store=store, show_progress=False)
    assert kept.stat().st_mtime_ns == written
    assert found.people is not None
    assert again.table["elpd"].sum() == pytest.approx(
        found.people.table.set_index("model").loc["serial_position", "elpd"]
    )
