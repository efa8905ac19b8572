"""Sections of the page on write rules: amounts, lists that were not fitted, list lengths, conditions.

Not a script of its own; see ``indelible_or_erasing.py``.
"""

from collections.abc import Mapping

import pandas as pd
from write_rule_figures import amounts_figure, lengths_figure
from write_rules import Part

from kvfit.reports.columns import Column
from kvfit.reports.own_section import Section, SectionFigure, SectionTable

DIFFERENCE = (
    Column("difference", "Difference", "Minus the indelible store, in log units, summed over people.", 1, True),
    Column("se", "SE", "Standard error of the difference, over people.", 1),
    Column("persons_first", "Better for", "People for whom it does better than the indelible store.", 0),
    Column("persons", "of people", "", 0),
)  # fmt: skip
AMOUNT_COLUMNS = (
    Column("store", "Store"), Column("amount", "Amount", "Retention (fading) or erasure (overwriting).", 3), *DIFFERENCE,
    Column("said", "What is said", "Against the indelible store."),
    Column("power", "Found if true", "Chance that an experiment like this one decides for this amount when it is true.", 2),
    Column("mistaken", "Missed if true", "Chance that it then decides for the indelible store.", 2),
)  # fmt: skip
LENGTH_COLUMNS = (
    Column("model", "Store"), Column("fitted_length", "Fitted", "List length of the estimates.", 0),
    Column("predicted_length", "Predicted length", "", 0), Column("predicted", "Predicted words", "", 2),
    Column("observed", "Observed words", "", 2), Column("error", "Error", "Predicted minus observed.", 2, signed=True),
    Column("error_se", "SE", "Over people.", 2),
)  # fmt: skip
SHIFT_COLUMNS = (
    Column("effect_of", "Condition"), Column("store", "Store"), Column("moves", "Differs"), Column("shift", "Shift"),
    Column("quartile", "Lower quartile", "", 2, signed=True), Column("median", "Median", "", 2, signed=True),
    Column("upper_quartile", "Upper quartile", "", 2, signed=True),
    Column("positive", "Positive for", "People whose shift is positive.", 0), Column("persons", "of people", "", 0),
)  # fmt: skip


def amounts_section(part: Part, amounts: pd.DataFrame, shared: pd.DataFrame) -> Section:
    """How much may be lost: of what all people share, and of what is held."""
    words = [
        f"In the hierarchical fits {row.people} people share one {row.amount}: posterior median {row.median:.3f},"
        f" 90 % interval {row.lower:.3f} to {row.upper:.3f}."
        for row in shared.itertuples()
    ]
    return Section(
        "amounts",
        "How much may be lost",
        (
            *words,
            "In the table the amount is held at the same value for all people, and every person is fitted alone by maximum"
            " likelihood; such a model has as many free parameters as the indelible store.",
        ),
        tables=(SectionTable("Amounts of fading and overwriting, minus the indelible store", amounts, AMOUNT_COLUMNS),),
        figures=(
            SectionFigure(
                amounts_figure(amounts.assign(data=part.name)), "Log-likelihood over amounts of fading and overwriting",
                "Log-likelihood a person minus that of the indelible store; the numbers are in the table above.",
                "Bars: 1 standard error over people.",
            ),
        ),
    )  # fmt: skip


def estimate_sections(part: Part, tables: Mapping[str, pd.DataFrame]) -> list[Section]:
    """The tables of point estimates, for the page."""
    found = [
        Section(
            "held-out",
            "Lists that were not fitted",
            ("MAP estimates of each person from some lists, log-likelihood of the others.",),
            tables=(
                SectionTable(
                    "Predicted lists, minus the indelible store", tables["held_out"],
                    (Column("predicted", "Predicted"), Column("model", "Store or model"), *DIFFERENCE),
                ),
            ),
        )
    ]  # fmt: skip
    if "lengths" in tables:
        found.append(
            Section(
                "lengths",
                "List length",
                (
                    "Words recalled at one list length, simulated from people's MAP estimates at another: nothing but the"
                    " number of competitors differs."
                    + (" Other people were at the other lengths." if part.between else ""),
                ),
                tables=(SectionTable("Words recalled, predicted across lengths", tables["lengths"], LENGTH_COLUMNS),),
                figures=(
                    SectionFigure(
                        lengths_figure(tables["lengths"].assign(data=part.name)), "Words recalled over list length",
                        "Observed and predicted words; the numbers are in the table above.",
                        "Bars: 1 standard error of the prediction error, over people.",
                    ),
                ),
            )
        )  # fmt: skip
    if "conditions" in tables:
        best = tables["conditions"].sort_values(["effect_of", "difference"], ascending=[True, False])
        found.append(
            Section(
                "conditions",
                "What a condition moves",
                (
                    "Models in which some parameters differ between conditions, by a shift of each person's own, against the"
                    " indelible store in which nothing does; AIC in units of log-likelihood. What fades should"
                    " lose recency, strength and neighbour together; a changed query for the end of the list moves recency"
                    " alone.",
                ),
                tables=(
                    SectionTable(
                        "Parameters that differ between conditions, minus nothing", best,
                        (
                            Column("effect_of", "Condition"), Column("store", "Store"), Column("moves", "Differs"),
                            *DIFFERENCE,
                        ),
                    ),
                    SectionTable(
                        "Shifts (scale on which parameters are estimated), over people", tables["shifts"], SHIFT_COLUMNS
                    ),
                ),
            )
        )  # fmt: skip
    return found
