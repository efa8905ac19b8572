"""The kinds of summary curves: how each is drawn, and what it says in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Text about rates of 0 and 1, which is the same wherever such rates are moved.
_CORRECTED = "Rates are (n + 0.5) / (N + 1) (Hautus 1995), for data and models alike, so that none is 0 or 1."
POOLING = (
    "The average of many people's ROCs is nobody's ROC: averaging over persons and over items who differ bends it and"
    " changes the slope of the zROC (Pratte, Rouder & Morey 2010)."
)

#: Labels of an axis for columns that kvfit knows; others keep the user's name.
COLUMN_LABELS = {
    "lag": "Lag (events from study to test)",
    "study_position": "Study position",
    "n_presentations": "Presentations at study",
    "list_length": "List length (items)",
}


@dataclass(frozen=True)
class CurveAxes:
    """How a kind of curve is drawn and explained.

    Attributes
    ----------
    title, x_label, y_label, meaning : str
        A curve by a column of the data puts the column's label in the place of `x_label`.
    vertical : {"from 0", "probability", "tenths"}
        Range of the vertical axis: from 0 to just above the values, from 0 to 1, or the tenths around the values.
    lags : bool
        There is no lag 0: the curve is broken there.
    layout : {"models", "overlay", "strips"}
        One drawing a model and group; one a group with all models; or one a group of a single number, models below
        each other.
    roc : {"", "rates", "z"}
        Hit rates over false-alarm rates, as they are or as normal deviates.
    points : str
        What an observed point is, in plural.
    """

    title: str
    x_label: str
    y_label: str
    meaning: str
    vertical: Literal["from 0", "probability", "tenths"] = "from 0"
    lags: bool = False
    layout: Literal["models", "overlay", "strips"] = "models"
    roc: Literal["", "rates", "z"] = ""
    points: str = "means"


CURVES = {
    "serial_position": CurveAxes(
        "Serial position curve",
        "Serial position",
        "Recall probability",
        "How often a word was recalled, by its place in the study list: primacy on the left, recency on the right.",
        vertical="probability",
    ),
    "first_recall": CurveAxes(
        "Probability of first recall",
        "Serial position",
        "Probability of first recall",
        "Where in the study list recall starts.",
    ),
    "lag_crp": CurveAxes(
        "Lag-CRP",
        "Lag",
        "Conditional response probability",
        "How often the next word recalled came from this many places after (positive lag) or before"
        " (negative lag) the last one, given that it was still to be recalled. The peak around 0 is"
        " temporal contiguity, its tilt to the right is forward asymmetry.",
        lags=True,
    ),
    "recall_length": CurveAxes(
        "Words recalled per list",
        "Words recalled",
        "Proportion of lists",
        "How many words were recalled from a list: what the stopping rule of a model has to explain.",
    ),
    "roc": CurveAxes(
        "ROC, mean over participants",
        "False-alarm rate",
        "Hit rate",
        "Studied items called old against new items called old, from the strictest criterion (left) to the laxest. The"
        " grey diagonal is no memory. A band shows the hit rates that a model predicts at the observed false-alarm"
        f" rates. {_CORRECTED} {POOLING}",
        roc="rates",
    ),
    "zroc": CurveAxes(
        "zROC of the same rates",
        "z(false-alarm rate)",
        "z(hit rate)",
        "The same rates as normal deviates. Normal familiarity gives a straight line: its slope is the standard deviation"
        " of new items over that of studied items, 1 where these are equal (parallel to the grey diagonal). A U-shaped"
        " line speaks for recollection or discrete states. Error bars are those of the rates"
        " by the delta method.",
        roc="z",
    ),
    "roc_persons": CurveAxes(
        "ROC of single participants",
        "False-alarm rate",
        "Hit rate",
        "Dots are one person's rates, lines each model's median prediction for that person (with its 90 % band where there"
        " are one or two models). Below each drawing: how many dots lie inside each model's 90 % band. " + _CORRECTED,
        layout="overlay",
        roc="rates",
        points="points",
    ),
    "condition_roc": CurveAxes(
        "ROC across conditions",
        "False-alarm rate",
        "Hit rate",
        "Dots are the mean rates in each level of the condition, with standard errors: where the condition moves the"
        " criterion and not memory, they trace an ROC. Squares are each model's predictions with 90 % ranges along both"
        " axes. A model whose criteria do not vary with the condition (criteria_by) predicts one false-alarm rate for all.",
        roc="rates",
        points="points",
    ),
    "measures": CurveAxes(
        "Sensitivity and bias",
        "",
        "",
        "Each measure is estimated for every participant, then averaged; simulated data go through the same estimates. d′"
        " and c are distance and criterion of equal-variance normal familiarity, in units of its standard deviation (SD)."
        f" {_CORRECTED}",
        layout="strips",
    ),
    "confidence": CurveAxes(
        "Response categories",
        "Category, from surest new to surest old",
        "Proportion of responses",
        "How often each category was used for studied and for new items; their cumulative sums are the points of the ROC.",
    ),
    "calibration": CurveAxes(
        "Confidence and accuracy",
        "Category, from surest new to surest old",
        "Proportion correct",
        "How often a response of this category was right: the item was studied where the category means old, and new"
        " where it means new. Sure responses at both ends should be right more often than unsure ones in the middle."
        " It depends on how many studied and new items were tested; participants who never used a category do not count"
        " there.",
        vertical="probability",
    ),
    "rates_by": CurveAxes(
        "Items called old",
        "",
        "Proportion called old",
        "Hit rate where items were studied, false-alarm rate where they were new. The vertical axis need not start at 0.",
        vertical="tenths",
    ),
}
