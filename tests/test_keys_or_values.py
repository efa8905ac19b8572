"""The analysis of keys and values in recognition: its forms, and one quick run from ratings to sentences."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from analysis_scripts import ANALYSES

import kvfit as kv


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ANALYSES)
        yield importlib.import_module("keys_or_values")


def test_every_side_has_its_strongest_form(script: ModuleType) -> None:
    """Keys alone with free variance has as many parameters as keys and values without."""
    for side, read in ((script.BOTH, "both"), (script.KEYS, "key")):
        held, free = map(kv.get_model, side.forms)
        assert {one.options.get("read", "both") for one in (held, free)} == {read}
        assert {p.name for p in free.parameters} - {p.name for p in held.parameters} == {"match_sd"}
    keys_free, both_held = kv.get_model(script.KEYS.forms[1]), kv.get_model(script.BOTH.forms[0])
    assert len(keys_free.parameters) == len(both_held.parameters)
    # recollection must be able to vanish for keys alone to be nested
    names = [{p.name for p in kv.get_model(side.forms[1]).parameters} for side in (script.BOTH, script.KEYS)]
    assert names[0] >= names[1] | {"threshold"}


def test_each_question_meets_all_forms(script: ModuleType) -> None:
    values, *_ = script.claims()
    assert len(values.pairs) == 4
    assert all(len(claim.pairs) == len(claim.first.forms) * len(claim.second.forms) for claim in script.claims())


@pytest.mark.slow
def test_from_ratings_to_sentences(script: ModuleType, tmp_path: Path) -> None:
    studies = importlib.import_module("claim_studies")
    design = kv.recognition_design(3, 60, "1-4")
    middle = {
        p.name: float(p.to_natural(p.location)) for p in kv.get_model(script.BOTH.forms[0]).bind(design).parameters
    }
    data = kv.simulate(script.BOTH.forms[0], design, middle, seed=1)
    arguments = studies.parser(None).parse_args(
        ["--aic-only", "--replicates", "0", "--quiet", "--store", str(tmp_path), "--output", str(tmp_path)]
    )
    (claim, *_) = script.claims()
    study = studies.Study("tiny", "Tiny", (claim,), pairwise=True)
    found = studies.answer_by_aic(study, data, arguments)
    (decision,) = found.decisions
    # nothing was simulated, so that nothing is decided
    assert decision.outcome in ("not decided", "depends on the form")
    assert "pairs of forms keys and values predicts better in" in str(decision)
    assert set(found.contrasts) == set(claim.pairs)
