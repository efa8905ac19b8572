"""Claims about families: the best form of each side, every pair, and what depends on the form, with numbers by hand."""

import numpy as np
import pandas as pd
import pytest

from kvfit.comparison.claims import Discernment
from kvfit.comparison.families import FamilyClaim, Side, best_forms, decide_families

CLAIM = FamilyClaim(
    "keys are read", "context is read", Side("keys", ("k1", "k2")), Side("context", ("c1", "c2")), "Or else."
)
SHARP = Discernment((0.999, 0.0), (0.0, 0.98), (0.8, 0.7), (100, 100), (300.0, -300.0), (20.0, 20.0))
LEVEL = "a further list"


def scores(**totals: float) -> pd.DataFrame:
    """Ten people; each model's total, with differences from one model to the next of sd 1 over people."""
    wobble = np.tile([1.0, -1.0], 5)
    return pd.DataFrame({name: total / 10 + k * wobble for k, (name, total) in enumerate(totals.items())})


def decide(table: pd.DataFrame, observed: float | None = None, **options: object):  # type: ignore[no-untyped-def]
    known = dict.fromkeys(CLAIM.pairs, SHARP)
    seen = None if observed is None else dict.fromkeys(CLAIM.pairs, observed)
    return decide_families(CLAIM, {LEVEL: table}, known, observed=seen, **options)  # type: ignore[arg-type]


def test_the_best_form_of_each_side_is_that_with_the_highest_sum() -> None:
    assert best_forms(CLAIM, scores(k1=300, k2=310, c1=150, c2=90)) == ("k2", "c1")


def test_every_form_of_one_side_ahead_decides() -> None:
    found = decide(scores(k1=300, k2=310, c1=150, c2=90))
    assert found.outcome == "decided for"
    assert found.best == {LEVEL: ("k2", "c1")}
    assert found.headline == "Decided for: that keys are read."
    text = str(found)
    # the best forms' difference is 310 - 150; wobbles differ by one, so that its error is sqrt(10 * 10 / 9)
    assert "For a further list k2 is better, by 160.0 ± 3.3 (10 of 10 people)" in text
    assert "Of 4 pairs of forms keys predicts better in 4, context in 0, and 0 are undecided." in text
    assert text.endswith("Or else.")
    against = decide(scores(k1=90, k2=150, c1=310, c2=300))
    assert against.outcome == "decided against"
    assert against.headline == "Decided against: that keys are read."


def test_a_weak_form_of_the_rival_alone_does_not_decide() -> None:
    """What one form says is turned round by the rival's stronger form: it depends on the form."""
    found = decide(scores(k1=300, k2=310, c1=150, c2=400))
    assert found.outcome == "depends on the form"
    assert found.best == {LEVEL: ("k2", "c2")}
    assert found.headline == "Depends on the form: whether keys are read, or context is read."
    text = str(found)
    assert "Best forms for a further list: k2 and c2." in text
    # wobbles of k2 and c2 differ by two: 2 sqrt(10 * 10 / 9)
    assert "c2 is better, by 90.0 ± 6.7 (10 of 10 people)" in text
    assert "keys predicts better in 2, context in 2" in text


def test_undecided_pairs_beside_the_best_change_nothing() -> None:
    # k1 and c1 differ by less than 4 units, the best forms by 100
    found = decide(scores(k1=200, k2=303, c1=203, c2=150))
    assert found.outcome == "decided for"
    assert "keys predicts better in 3, context in 0, and 1 are undecided" in str(found)


def test_a_lead_unlike_simulated_ones_predicts_better_and_describes_neither() -> None:
    table = scores(k1=300, k2=310, c1=150, c2=90)
    # simulated leads are 300 and -300 with an sd of 20, 28 with that of their mean: 160 is 5 and 16 of those away
    found = decide(table, observed=160.0)
    assert found.outcome == "better, like neither"
    assert found.headline.startswith(
        "Predicts better, and describes neither: k2 predicts better than c1, but the data are"
    )
    assert decide(table, observed=250.0).outcome == "decided for"
    worse = decide(scores(k1=90, k2=150, c1=310, c2=300), observed=-160.0)
    assert worse.outcome == "worse, like neither"
    assert "c1 predicts better than k2" in worse.headline


def test_levels_with_other_best_forms_and_other_answers_decide_nothing() -> None:
    lists, people = scores(k1=300, k2=310, c1=150, c2=90), scores(k1=303, k2=300, c1=150, c2=302)
    found = decide_families(CLAIM, {LEVEL: lists, "a new person": people}, dict.fromkeys(CLAIM.pairs, SHARP))
    assert found.best == {LEVEL: ("k2", "c1"), "a new person": ("k1", "c2")}
    assert found.outcome == "not decided"
    assert "The best forms are others on each level" in str(found)


def test_what_was_not_simulated_decides_nothing() -> None:
    table = scores(k1=300, k2=310, c1=150, c2=90)
    assert decide_families(CLAIM, {LEVEL: table}, {}).outcome == "not decided"
    # only the best forms need to be
    assert decide_families(CLAIM, {LEVEL: table}, {("k2", "c1"): SHARP}).outcome == "decided for"
    assert decide_families(CLAIM, {LEVEL: table}, {("k1", "c1"): SHARP}).outcome == "not decided"


def test_only_failed_best_forms_make_it_provisional() -> None:
    table = scores(k1=300, k2=310, c1=150, c2=90)
    assert decide(table, failed=("c1",)).provisional
    assert decide(table, failed=("c1",)).headline.startswith("Decided for (provisional)")
    assert not decide(table, failed=("c2", "k1")).provisional


def test_single_models_are_families_of_one_form() -> None:
    claim = FamilyClaim("a", "b", Side("x", ("k1",)), Side("y", ("c1",)))
    found = decide_families(claim, {LEVEL: scores(k1=300, c1=150)}, {("k1", "c1"): SHARP})
    assert found.outcome == "decided for"
    assert "pairs of forms" not in str(found)


def test_faults_are_refused() -> None:
    with pytest.raises(ValueError, match="k1 on both sides"):
        FamilyClaim("a", "b", Side("x", ("k1", "k2")), Side("y", ("k1",)))
    for forms in ((), ("k1", "k1")):
        with pytest.raises(ValueError, match="expected one form or several different ones"):
            Side("x", forms)
    with pytest.raises(ValueError, match="at least one level"):
        decide_families(CLAIM, {}, {})
    with pytest.raises(ValueError, match="model 'c2': not among"):
        decide_families(CLAIM, {LEVEL: scores(k1=1, k2=2, c1=3)}, {})
