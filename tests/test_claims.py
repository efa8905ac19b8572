"""Claims: which verdict follows from which numbers, and how it stands on a page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from html_page import Page
from report_example import example_content

from kvfit.comparison.claims import Claim, Discernment, decide, discernment
from kvfit.comparison.contrasts import Contrast, contrast, elpd_by_person
from kvfit.reports.claim_sections import claims_section, simulated_table
from kvfit.reports.own_section import Section, SectionTable
from kvfit.reports.page import render_page

CLAIM = Claim("keys differ from values", "they are one pattern", "two", "one", "Other things could do it.")
#: Tells the two apart whichever is true; confuses them when `one` is true; too weak for `two`.
SHARP = Discernment((0.999, 0.0), (0.0, 0.98), (0.8, 0.7), (100, 100), (90.0, -60.0), (10.0, 12.0))
LENIENT = replace(SHARP, for_second=(0.3, 0.5))
WEAK = replace(SHARP, for_first=(0.4, 0.0))


def levels(lists: float, people: float, error: float = 10.0) -> dict[str, Contrast]:
    return {
        "a further list": Contrast("two", "one", lists, error, 80, 126),
        "a new person": Contrast("two", "one", people, error, 70, 126),
    }


def test_decided_for() -> None:
    found = decide(CLAIM, levels(200.0, 150.0), SHARP)
    assert found.outcome == "decided for"
    assert found.headline == "Decided for: that keys differ from values."
    text = str(found)
    assert "For a further list two is better, by 200 ± 10 (80 of 126 people); for a new person two" in text
    assert "by 150 ± 10 (70 of 126 people) (± one standard error over people)." in text
    assert "favour two in less than 1 % of cases when one is true, and in more than 99 % when two is" in text
    assert text.endswith("Other things could do it.")


def test_decided_against() -> None:
    found = decide(CLAIM, levels(-200.0, -150.0), SHARP)
    assert found.outcome == "decided against"
    assert "For a further list one is better, by 200 ± 10 (46 of 126 people)" in str(found)
    assert "favour one in less than 1 % of cases when two is true, and in 98 % when one is" in str(found)


@pytest.mark.parametrize(
    ("contrasts", "known", "why"),
    [
        (levels(200.0, 15.0), SHARP, "For a new person that is within 2 standard errors or 4 units."),
        (levels(3.0, 3.5, 0.1), SHARP, "For a further list and for a new person that is within"),
        (levels(200.0, -200.0), SHARP, "The levels contradict one another."),
        (levels(200.0, 150.0), LENIENT, "would come too often from one, and decides nothing"),
        (levels(200.0, 150.0), None, "was not simulated"),
        (levels(5.0, 5.0), WEAK, "too weak an experiment to find two."),
        (levels(5.0, 5.0), SHARP, "neither may be"),
        (
            {"x": Contrast("two", "one", 50.0, np.nan, 1, 1)},
            SHARP,
            "For x one person has no error over people, so that it decides",
        ),
    ],
)
def test_not_decided(contrasts: dict[str, Contrast], known: Discernment | None, why: str) -> None:
    found = decide(CLAIM, contrasts, known)
    assert found.outcome == "not decided"
    assert found.headline == "Not decided: whether keys differ from values, or they are one pattern."
    assert why in str(found)


def test_fits_that_failed_make_it_provisional() -> None:
    assert not decide(CLAIM, levels(200.0, 150.0), SHARP, ("other",)).provisional
    found = decide(CLAIM, levels(200.0, 150.0), SHARP, ("one", "other"))
    assert found.headline.startswith("Decided for (provisional)")
    assert "Sampling of one did not pass its checks." in str(found)


def test_data_of_neither_model() -> None:
    found = [decide(CLAIM, levels(200.0, 150.0), SHARP, observed=lead) for lead in (60.0, 400.0, 10.0)]
    assert [one.outcome for one in found] == ["decided for", "better, like neither", "better, like neither"]
    assert decide(CLAIM, levels(-200.0, -150.0), SHARP, observed=10.0).outcome == "worse, like neither"
    assert decide(CLAIM, levels(5.0, 5.0), SHARP, observed=10.0).outcome == "not decided"
    said = list(map(str, found))
    # 60 is 2.1 standard deviations from 90, with the uncertainty of one simulated experiment
    assert "unlike those of either model" not in said[0]
    assert "two leads by +400 in the data, and in simulated ones by +90 ± 10 for two and by -60 ± 12 for one" in said[1]
    assert "unlike those of either model" in said[2]


def test_contrasts_of_other_models_are_refused() -> None:
    with pytest.raises(ValueError, match="found \\['a further list', 'a new person'\\]"):
        decide(replace(CLAIM, first="three"), levels(1.0, 1.0), SHARP)
    with pytest.raises(ValueError, match="found none"):
        decide(CLAIM, {}, SHARP)


def test_contrast_has_its_error_over_people() -> None:
    difference = np.array([4.0, 6.0, -1.0, 9.0])
    long = pd.DataFrame(
        {
            "participant": np.tile(np.arange(4), 2),
            "model": np.repeat(["two", "one"], 4),
            "elpd_diff": np.concatenate([difference, np.zeros(4)]),
            "se": np.nan,
        }
    )
    found = contrast(elpd_by_person(long), "two", "one")
    assert (found.total, found.persons_first, found.persons) == (18.0, 3, 4)
    assert found.error == pytest.approx(2.0 * difference.std(ddof=1))
    # 18 against 8.4: more than two errors, but four people want 3.31 (Student's t with 3 degrees of freedom)
    assert found.threshold == pytest.approx(3.306822 * found.error, rel=1e-6)
    assert found.answer == "undecided"
    clearer = long.assign(elpd_diff=long["elpd_diff"] + np.where(long["model"] == "two", 4.0, 0.0))
    # 34 against 27.8
    assert contrast(elpd_by_person(clearer), "two", "one").answer == "first"
    assert contrast(elpd_by_person(clearer), "one", "two").answer == "second"
    assert contrast(elpd_by_person(clearer.assign(elpd_diff=clearer["elpd_diff"] * 3.9 / 34)), "two", "one").answer == (
        "undecided"
    )
    level = contrast(elpd_by_person(long.assign(elpd_diff=long["elpd_diff"].clip(0.0, 5.0))), "two", "one")
    # 4, 5, 0, 5: three for the first, one for neither
    assert (level.persons_first, level.persons_second, level.level) == (3, 0, 1)
    with pytest.raises(ValueError, match="'three': not among one, two"):
        contrast(elpd_by_person(long), "two", "three")
    with pytest.raises(ValueError, match="participant 3: no value"):
        contrast(elpd_by_person(long.iloc[:-1]), "two", "one")


def simulated(rng: np.random.Generator, lead: float, sd: float, n: int, replicates: int) -> pd.DataFrame:
    """Persons' scores; when `two` is true it leads by `lead` a person, when `one` is, by half of that."""
    frames = []
    for generator, mean in (("two", lead), ("one", -lead / 2)):
        for replicate in range(replicates):
            common = {"generator": generator, "replicate": replicate, "participant": np.arange(n)}
            frames.append(pd.DataFrame(common | {"model": "one", "aic": -50.0}))
            frames.append(pd.DataFrame(common | {"model": "two", "aic": rng.normal(mean, sd, n) - 50.0}))
    return pd.concat(frames, ignore_index=True)


def test_discernment_follows_from_people() -> None:
    n, sd, lead = 100, 3.0, 1.5
    found = discernment(simulated(np.random.default_rng(1), lead, sd, n, 40), "aic", "two", "one")
    assert found.lead == (pytest.approx(n * lead, rel=0.05), pytest.approx(-n * lead / 2, rel=0.05))
    assert found.spread[0] == pytest.approx(10 * sd, rel=0.05)
    # leads of 5 and 2.5 standard errors, 2 of which are needed
    assert found.for_first[0] == pytest.approx(0.998, abs=0.01)
    assert found.for_second[1] == pytest.approx(0.69, abs=0.1)
    assert found.for_second[0] < 0.001
    assert found.simulated == (4000, 4000)
    assert found.persons[0] == pytest.approx(0.69, abs=0.03)  # P(z > -.5)


def test_few_simulated_experiments_are_less_sure() -> None:
    scores = simulated(np.random.default_rng(2), 0.5, 3.0, 100, 1)
    ten = pd.concat([scores.assign(replicate=k) for k in range(10)], ignore_index=True)
    one, many = (discernment(each, "aic", "two", "one") for each in (scores, ten))
    assert one.lead == pytest.approx(many.lead)
    assert one.for_second[0] > 2 * many.for_second[0]


def test_discernment_of_what_was_not_simulated() -> None:
    scores = simulated(np.random.default_rng(3), 1.0, 1.0, 5, 1)
    with pytest.raises(ValueError, match="simulated from one and fitted by two and one, found 0"):
        discernment(scores[scores["generator"] == "two"], "aic", "two", "one")


def test_simulated_leads_are_the_true_models() -> None:
    table = simulated_table({("two", "one"): SHARP}, {("two", "one"): 70.0})
    assert table["true"].tolist() == ["two", "one"]
    assert table["lead"].tolist() == [90.0, 60.0]
    assert table["observed"].tolist() == [70.0, -70.0]
    assert table["found"].tolist() == [0.999, 0.98]
    assert table["missed"].tolist() == [0.0, 0.0]


def test_sections_stand_behind_the_verdict() -> None:
    pair = {("two", "one"): levels(200.0, 150.0)["a further list"]}
    decision = decide(CLAIM, levels(200.0, 150.0), SHARP)
    section = claims_section([decision], {"a further list": pair}, {("two", "one"): SHARP}, {("two", "one"): 70.0})
    text = render_page(replace(example_content(12), sections=(section,)))
    page = Page(text)
    assert "claims" in set(page.values("id"))
    assert "#claims" in set(page.values("href"))
    assert text.index('id="verdict"') < text.index('id="claims"') < text.index('id="data"')
    words = " ".join(page.text)
    assert decision.headline in words
    assert "80 of 126" in words


def test_sections_with_taken_keys_are_refused() -> None:
    empty = Section("new", "Empty", tables=(SectionTable("nothing", pd.DataFrame()),))
    sections = (Section("models", "Models"), empty, Section("a b", "Blank"))
    with pytest.raises(ValueError, match="'models' is taken") as raised:
        render_page(replace(example_content(12), sections=sections))
    assert "found 'a b'" in str(raised.value)
    assert "'nothing' has no columns" in str(raised.value)
