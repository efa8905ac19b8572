"""Options that every recognition model offers."""

from kvfit.registry import Option

BY = Option(
    ("none",),
    "a column, such as strength or frequency, for whose levels memory has parameters of its own",
    column=True,
)
CRITERIA_BY = Option(
    ("none",),
    "a column, such as a base rate or a block, for whose levels the decision has parameters of its own",
    column=True,
)


def column(value: str) -> str:
    """Name of the column that an option names; empty for none."""
    return "" if value == "none" else value
