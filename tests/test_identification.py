"""Parameters that a design cannot determine are named, and reach fits, in words."""

import pandas as pd
import pytest
from rating_designs import bound, one_person
from recognition_tables import stack, trial_table
from study_lists import study_table

import kvfit as kv
from kvfit.identifiability.design import design_objection
from kvfit.inference.diagnostics import Diagnostics
from kvfit.inference.maximum_likelihood import PointFit
from kvfit.recognition.identification import confounded_parameters, undetermined


@pytest.mark.parametrize(
    ("spec", "n_categories", "expected"),
    [
        ("evsd", 2, ()),
        ("uvsd", 6, ()),
        ("dpsd", 6, ()),
        ("mixture_sd", 6, ()),
        ("threshold", 6, ()),
        ("uvsd", 2, ("d_prime", "sigma")),
        ("dpsd", 2, ("d_prime", "recollection")),
        ("threshold", 2, ("detect_old", "detect_new", "guess")),
    ],
)
def test_confounded_parameters_are_found(spec: str, n_categories: int, expected: tuple[str, ...]) -> None:
    design = one_person([[5] * n_categories], [[5] * n_categories])
    assert confounded_parameters(bound(spec, n_categories), design) == expected


def test_criteria_stay_determined_where_confidence_of_states_is_not() -> None:
    model = bound("threshold(mapping=free)", 6)
    found = confounded_parameters(model, one_person([[5] * 6], [[5] * 6]))
    assert "detect_old" in found
    assert "guess_old_1" in [p.name for p in model.parameters]
    assert "guess_old_1" not in found


def test_counting_alone_would_miss_it() -> None:
    """Two levels of strength double the degrees of freedom, but criteria do not vary: sigma stays loose in yes/no data."""
    levels = {"strength": ("strong", "weak")}
    design = one_person([[6, 4], [7, 3]], [[2, 8], [4, 6]], column="strength")
    assert confounded_parameters(bound("uvsd(by=strength)", 2, levels), design) == (
        "d_prime[strong]", "d_prime[weak]", "sigma[strong]", "sigma[weak]",
    )  # fmt: skip
    by_criteria = bound("uvsd(criteria_by=strength)", 2, levels)
    assert undetermined(by_criteria, design) == ""


def test_the_sentence_names_parameters_and_what_to_do() -> None:
    said = undetermined(bound("uvsd", 2), one_person([[5, 5]], [[5, 5]]))
    assert "3 free parameters a participant, but only 2 degrees of freedom" in said
    assert "cannot determine d_prime and sigma" in said
    assert "hold a parameter at a value" in said


def test_a_participant_who_saw_everything_is_enough() -> None:
    """Levels between participants are no objection: another participant determines the other parameters."""
    tables = [
        trial_table(1, [2, 1, 2, 2, 1], [1, 1, 2], group=["a"] * 8),
        trial_table(2, [2, 2, 1], [1, 2, 1], group=["b"] * 6),
    ]
    data = kv.read_recognition(stack(*tables), scale="1-2", name="between")
    assert design_objection(kv.get_model("evsd(by=group)"), data) == ""


def test_free_recall_has_no_such_check() -> None:
    assert design_objection(kv.get_model("serial_position"), kv.read_free_recall(study_table())) == ""


def test_verdicts_say_it_without_blaming_the_sampler() -> None:
    found = Diagnostics(0, 1000, 4, 1.002, 900, 800, "mu[sigma]", "uvsd: sigma is not determined")
    assert found.passed
    assert found.verdict().startswith("Sampling went well")
    assert found.verdict().endswith("Not determined by this design: uvsd: sigma is not determined.")


def test_maximum_likelihood_says_it_too() -> None:
    table = trial_table(1, [2, 1, 2, 2], [1, 1, 2, 1])
    data = kv.read_recognition(table, scale="1-2", name="binary")
    searched = pd.DataFrame({"agreeing_starts": [2], "failed_starts": [0], "starts": [3], "at_bound": [""]})
    for spec, expected in (("uvsd", "cannot determine d_prime and sigma"), ("evsd", "")):
        said = PointFit(kv.get_model(spec).bind(data), data, "ml", searched, 0).verdict()
        assert said.startswith("3 of 3 starts ended at a finite optimum.")
        assert ("Not determined" in said) == bool(expected)
        assert expected in said
