"""Chances and limits of claims, worked out by hand from invented simulations and leads."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from kvfit.comparison.claims import Claim, Discernment, decide, discernment
from kvfit.comparison.contrasts import Contrast
from kvfit.comparison.families import FamilyClaim, Side, decide_families

CLAIM = Claim("s", "d", "a", "b")
#: quantile of Student's t with 3 degrees of freedom that is as improbable as 2 under the normal distribution
FOUR = 3.306822


def scores(**leads: list[list[float]]) -> pd.DataFrame:
    """Of each generator, leads of `a` over `b` by replicate and participant; a third model must not matter."""
    rows = []
    for generator, replicates in leads.items():
        for number, persons in enumerate(replicates):
            for who, lead in enumerate(persons):
                common = {"generator": generator, "replicate": number, "participant": f"p{who}"}
                rows += [common | {"model": "a", "aic": lead - 7.0}, common | {"model": "b", "aic": -7.0}]
                rows.append(common | {"model": "c", "aic": 100.0})
    return pd.DataFrame(rows)


def test_one_simulated_experiment_of_each() -> None:
    # leads 10, 20, 30, 40: mean 25, variance 500 / 3; of the other -1, -3, 1, 3: mean 0, variance 20 / 3
    found = discernment(scores(a=[[10, 20, 30, 40]], b=[[-1, -3, 1, 3]], c=[[5, 5, 5, 5]]), "aic", "a", "b")
    spread = 2 * np.sqrt(500 / 3)
    assert found.lead == (pytest.approx(100.0), pytest.approx(0.0))
    assert found.spread == (pytest.approx(spread), pytest.approx(2 * np.sqrt(20 / 3)))
    assert found.persons == (1.0, 0.5)
    assert found.simulated == (4, 4)
    assert found.replicates == 1
    # a lead of 3.87 errors, of which 3.31 are needed; that of one experiment is as uncertain again
    z = 100.0 / spread
    assert found.for_first == (
        pytest.approx(norm.sf((FOUR - z) / np.sqrt(2)), abs=1e-6), pytest.approx(norm.sf((FOUR + z) / np.sqrt(2)), abs=1e-6)
    )  # fmt: skip
    chance = pytest.approx(norm.sf(FOUR / np.sqrt(2)), abs=1e-6)
    assert found.for_second == (chance, chance)


def test_several_experiments() -> None:
    # two experiments of two people, and one of three: means over six, seven people
    a = scores(a=[[18.0, 20.0], [22.0, 24.0]], b=[[-8.0, -9.0, -1.0]])
    found = discernment(a, "aic", "a", "b")
    assert found.lead == (pytest.approx(42.0), pytest.approx(-18.0))
    assert found.simulated == (4, 3)
    assert found.replicates == 1
    # three people: -8, -9, -1 with variance 19; all are told
    assert found.spread[1] == pytest.approx(np.sqrt(3 * 19.0))
    assert found.persons == (1.0, 1.0)
    # 18 to 24: variance 20 / 3
    spread = np.sqrt(2 * 20 / 3)
    assert found.spread[0] == pytest.approx(spread)
    # two people in each: Student's t with one degree of freedom; means of two experiments
    two = 13.967744
    assert found.for_first[0] == pytest.approx(norm.sf((two - 42 / spread) / np.sqrt(1.5)), abs=1e-6)
    assert found.for_first[1] == pytest.approx(norm.cdf((-two - 42 / spread) / np.sqrt(1.5)), abs=1e-12)


def test_four_units_are_needed_at_least() -> None:
    """People who hardly differ: two errors are next to nothing, so that the lead must be above 4."""
    lead = np.tile([0.0099, 0.0101], 150)
    found = discernment(scores(a=[lead.tolist()], b=[(-lead).tolist()]), "aic", "a", "b")
    assert found.lead[0] == pytest.approx(3.0)
    assert found.for_first == (pytest.approx(0.0, abs=1e-12), 0.0)
    more = discernment(scores(a=[(1.4 * lead).tolist()], b=[(-lead).tolist()]), "aic", "a", "b")
    assert more.for_first[0] == pytest.approx(1.0)
    alike = discernment(scores(a=[[1.0] * 6], b=[[0.0] * 6]), "aic", "a", "b")
    assert alike.spread == (1e-9, 1e-9)
    assert alike.for_first[0] == pytest.approx(1.0)
    # level people are told for neither
    assert alike.persons == (1.0, 0.0)
    assert discernment(scores(a=[[1.0, 0.0, 2.0, -1.0]], b=[[0.0, -1.0]]), "aic", "a", "b").persons == (0.5, 0.5)


def test_failed_fits_are_left_out() -> None:
    table = scores(a=[[10, 20, 30, 40, 0]], b=[[-1, -2, -3, -4]])
    table.loc[(table["participant"] == "p4") & (table["model"] == "a"), "aic"] = np.nan
    found = discernment(table, "aic", "a", "b")
    # the fifth person counts as one more of their kind
    assert found.lead[0] == pytest.approx(125.0)
    assert found.simulated == (4, 4)
    table.loc[table["generator"] == "b", "aic"] = np.nan
    with pytest.raises(ValueError, match="simulated from b and fitted by a and b, found 0"):
        discernment(table, "aic", "a", "b")
    one = scores(a=[[10.0]], b=[[1.0, 2.0]])
    with pytest.raises(ValueError, match="simulated from a and fitted by a and b, found 1"):
        discernment(one, "aic", "a", "b")
    assert discernment(scores(a=[[10.0, 11.0]], b=[[1.0, 2.0]]), "aic", "a", "b").simulated == (2, 2)


#: of one simulated experiment
KNOWN = Discernment((0.9, 0.02), (0.03, 0.85), (0.8, 0.7), (9, 9), (100.0, -60.0), (10.0, 20.0))


def contrasts(total: float, error: float = 1.0, n: int = 50) -> dict[str, Contrast]:
    return {"a list": Contrast("a", "b", total, error, 30, n)}


@pytest.mark.parametrize(
    ("total", "changed", "outcome"),
    [
        (50.0, {}, "decided for"),
        (50.0, {"for_second": (0.05, 0.5)}, "decided for"),
        (50.0, {"for_second": (0.051, 0.5)}, "not decided"),
        # mistakes the other way do not count
        (50.0, {"for_first": (0.5, 0.5), "for_second": (0.05, 0.0)}, "decided for"),
        (-50.0, {}, "decided against"),
        (-50.0, {"for_first": (0.0, 0.05)}, "decided against"),
        (-50.0, {"for_first": (0.0, 0.051)}, "not decided"),
        (-50.0, {"for_second": (0.5, 0.5)}, "decided against"),
    ],
)
def test_five_percent_of_mistakes(total: float, changed: dict[str, tuple[float, float]], outcome: str) -> None:
    assert decide(CLAIM, contrasts(total), replace(KNOWN, **changed)).outcome == outcome  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("observed", "replicates", "unlike"),
    # 3 standard deviations, and of one simulated experiment sqrt(2) of them: 42.4 from 100, 84.9 from -60
    [
        (57.0, 1, True), (58.0, 1, False), (142.0, 1, False), (143.0, 1, True), (24.0, 1, False), (25.0, 1, True),
        (69.0, 10**6, True), (71.0, 10**6, False), (0.5, 10**6, True), (-0.5, 10**6, False), (-144.0, 1, False),
        (-145.0, 1, True), (69.0, 0, False),
    ],
)  # fmt: skip
def test_three_standard_deviations_from_either(observed: float, replicates: int, unlike: bool) -> None:
    known = KNOWN if replicates == 1 else replace(KNOWN, replicates=replicates)
    found = decide(CLAIM, contrasts(50.0), known, observed=observed)
    assert found.outcome == ("better, like neither" if unlike else "decided for")


def test_chances_are_those_of_the_answer() -> None:
    text = str(decide(CLAIM, contrasts(50.0), KNOWN))
    assert "favour a in 3 % of cases when b is true, and in 90 % when a is." in text
    text = str(decide(CLAIM, contrasts(-50.0), KNOWN))
    assert "favour b in 2 % of cases when a is true, and in 85 % when b is." in text
    extreme = replace(KNOWN, for_first=(0.996, 0.0), for_second=(0.0049, 0.5))
    assert "favour a in less than 1 % of cases when b is true, and in more than 99 % when" in str(
        decide(CLAIM, contrasts(50.0), extreme)
    )
    near = replace(KNOWN, for_first=(0.995, 0.0), for_second=(0.005, 0.5))
    assert "favour a in 0 % of cases" in str(decide(CLAIM, contrasts(50.0), near))
    assert "and in 100 % when a is" in str(decide(CLAIM, contrasts(50.0), near))


def test_what_simulations_were_judged_by_is_said() -> None:
    alone = "Simulated experiments like this one, judged by AIC, each person alone, "
    assert f"{alone}favour a in 3 %" in str(decide(CLAIM, contrasts(50.0), KNOWN))
    assert f"{alone}find a in 90 %" in str(decide(CLAIM, contrasts(1.0), KNOWN))
    assert "judged by BIC, each person alone, favour" in str(
        decide(CLAIM, contrasts(50.0), replace(KNOWN, criterion="bic"))
    )
    by_elpd = str(decide(CLAIM, contrasts(50.0), replace(KNOWN, criterion="elpd")))
    assert "judged by posterior fits and PSIS-LOO, favour" in by_elpd


def test_eighty_percent_of_power() -> None:
    enough = replace(KNOWN, for_first=(0.8, 0.0), for_second=(0.0, 0.8))
    assert "neither may be" in str(decide(CLAIM, contrasts(1.0), enough))
    weak = str(decide(CLAIM, contrasts(1.0), replace(enough, for_second=(0.9, 0.79))))
    assert "find a in 80 % of cases when it is true and b in 79 % of cases when it is true: so judged, too weak" in weak
    assert weak.endswith("an experiment to find b.")
    assert str(decide(CLAIM, contrasts(1.0), replace(enough, for_first=(0.7, 0.9), for_second=(0.0, 0.6)))).endswith(
        "to find a or b."
    )


def test_what_is_open_is_said_with_its_reason() -> None:
    opposite = contrasts(50.0) | {"a person": Contrast("a", "b", -50.0, 1.0, 30, 50)}
    found = decide(CLAIM, opposite, KNOWN)
    assert found.outcome == "not decided"
    assert "The levels contradict one another." in str(found)
    assert str(decide(CLAIM, contrasts(50.0), None)).endswith("was not simulated, so that this decides nothing.")
    assert "not simulated" not in str(decide(CLAIM, contrasts(1.0), None))
    assert not found.provisional
    assert str(decide(replace(CLAIM, caveat="Or else."), opposite, KNOWN)).endswith(" Or else.")
    assert "in the data, and in simulated ones by +100 ± 10 for a and by -60 ± 20 for b" in str(
        decide(CLAIM, contrasts(50.0), KNOWN, observed=25.0)
    )
    for given in ({}, {"a list": Contrast("b", "a", 1.0, 1.0, 1, 2)}):
        with pytest.raises(ValueError, match="expected contrasts of a and b"):
            decide(CLAIM, given, KNOWN)


def test_each_level_says_who_is_better() -> None:
    levels = {
        "a list": Contrast("a", "b", -50.0, 10.0, 12, 40, 3),
        "a person": Contrast("a", "b", 0.0, 2.0, 20, 40),
        "a trial": Contrast("a", "b", 30.0, 20.0, 21, 40),
    }
    text = str(decide(CLAIM, levels, KNOWN))
    assert text.split(" For a person")[0].endswith(
        "For a list b is better, by 50 ± 10 (25 of 40 people); for a person neither is better (0.0 ± 2.0); for a trial a is"
        " better, by 30 ± 20 (21 of 40 people) (± one standard error over people)."
    )
    assert (
        "For a person and for a trial that is within 2.1 standard errors by Student's t for n = 40 or 4 units." in text
    )
    alone = {"a list": Contrast("a", "b", 50.0, np.nan, 1, 1), "a person": Contrast("a", "b", 5.0, 9.0, 2, 2)}
    text = str(decide(CLAIM, alone, KNOWN))
    assert "For a list one person has no error over people" in text
    assert "For a person that is within 14 standard errors" in text
    assert "(± one standard error over people)" in text
    assert "standard error over people" not in str(decide(CLAIM, {"a list": alone["a list"]}, KNOWN)).split(".")[0]
    # the fewest people want most
    some = {"a list": Contrast("a", "b", 0.4, 1.0, 6, 100), "a person": Contrast("a", "b", -0.4, 1.0, 3, 10)}
    text = str(decide(CLAIM, some, KNOWN))
    assert (
        "For a list a is better, by 0.4 ± 1.0 (6 of 100 people); for a person b is better, by 0.4 ± 1.0 (7 of 10"
        in text
    )
    assert "that is within 2.3 standard errors by Student's t for n = 10" in text


def test_levels_with_other_best_forms() -> None:
    """By lists x1 and y are best, for people x2 and y; for people x1 does not lead clearly."""
    claim = FamilyClaim("s", "d", Side("x", ("x1", "x2")), Side("y", ("y",)))
    wave = np.tile([1.0, -1.0], 20)

    def table(**totals: float) -> pd.DataFrame:
        return pd.DataFrame({name: total / 40 + k * wave for k, (name, total) in enumerate(totals.items())})

    levels = {"a list": table(x1=300.0, x2=200.0, y=100.0), "a person": table(x1=101.0, x2=300.0, y=100.0)}
    known = dict.fromkeys(claim.pairs, KNOWN)
    found = decide_families(claim, levels, known, failed=("x2",))
    assert found.best == {"a list": ("x1", "y"), "a person": ("x2", "y")}
    # one best form of two is in doubt
    assert found.provisional
    assert not decide_families(claim, levels, known).provisional
    text = str(found)
    assert "Best forms for a list: x1 and y." in text
    assert "Best forms for a person: x2 and y." in text
    # x1 leads on one level only, so that its pair is open
    assert "Of 2 pairs of forms x predicts better in 1, y in 0, and 1 are undecided." in text
    assert found.outcome == "not decided"
    alone = FamilyClaim("s", "d", Side("x", ("x1",)), Side("y", ("y",)))
    assert "Best forms" not in str(decide_families(alone, {"a list": levels["a list"]}, known))


def test_pairs_of_forms_are_counted() -> None:
    """Three forms against two: four pairs for the first side, one for the second, one open."""
    claim = FamilyClaim("s", "d", Side("x", ("x1", "x2", "x3")), Side("y", ("y1", "y2")))
    wave = np.tile([1.0, -1.0], 20)
    totals = {"x1": 300.0, "x2": 200.0, "x3": 103.0, "y1": 100.0, "y2": 150.0}
    table = pd.DataFrame({name: total / 40 + k * wave for k, (name, total) in enumerate(totals.items())})
    found = decide_families(claim, {"a list": table}, dict.fromkeys(claim.pairs, KNOWN))
    assert found.best == {"a list": ("x1", "y2")}
    assert found.outcome == "depends on the form"
    text = str(found)
    assert "Of 6 pairs of forms x predicts better in 4, y in 1, and 1 are undecided." in text
    assert text.endswith("y predicts better with x3 against y2.")
    assert [(one.claim.first, one.claim.second) for one in found.pairs] == list(claim.pairs)
    turned = FamilyClaim("s", "d", claim.second, claim.first)
    text = str(decide_families(turned, {"a list": table}, {}))
    assert "y predicts better in 1, x in 4, and 1 are undecided" in text
    assert text.endswith("y predicts better with y2 against x3.")
    assert claim.models == ("x1", "x2", "x3", "y1", "y2")
