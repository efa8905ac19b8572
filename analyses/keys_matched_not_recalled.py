"""Are keys matched but never recalled? The third claim of the key-value theory, in free recall.

Two questions. After a recall, does only the retrieved value query memory again, or is its key reinstated too
(``query=value``, ``query=key``, and the mixture with its share ``phi``)? And is the decision to stop, by which words are
omitted, read from the raw match of keys (``stopping=match``), from how much was recalled (``stopping=position``), or both?

    KVFIT_DATA=FOLDER python analyses/keys_matched_not_recalled.py

Fits are shared with ``keys_and_values_in_recall.py``.
"""

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from claim_studies import Study, answer, answer_by_aic, between, label, write
from peers_lists import begin

import kvfit as kv
from kvfit.reports.columns import Column
from kvfit.reports.own_section import Section, SectionTable
from kvfit.reports.statistics import COLUMNS, carried_by, predictive_statistics

MIXED, VALUE, KEY = label("kv_recall"), label("kv_recall(query=value)"), label("kv_recall(query=key)")
MATCH, MATCH_AND_POSITION = label("kv_recall(stopping=match)"), label("kv_recall(stopping=mixed)")
#: Shares of the value from which a person counts as querying by value alone, or by key alone.
NEARLY_ALL, NEARLY_NONE = 0.9, 0.1

STUDY = Study(
    "keys_matched_not_recalled",
    "Keys matched but not recalled, in free recall",
    (
        between(
            "only the recalled value queries memory again",
            "the key is reinstated as well",
            VALUE,
            MIXED,
            "In this model the value cues forward and the key both ways, so that the question is whether recall ever steps"
            " backwards because of what was just recalled.",
        ),
        between(
            "the value takes part in the next query",
            "the key alone is reinstated",
            MIXED,
            KEY,
            "Forward asymmetry decides this, and it has other explanations: in CMR recalled items bring back a"
            " preexperimental context that was stored after them.",
        ),
        between(
            "stopping is read from the raw match of keys",
            "it depends on how much was recalled",
            MATCH,
            MIXED,
            "Free recall has no overt confidence: a match that guides stopping says nothing about feelings of knowing.",
        ),
        between(
            "the match of keys adds to how much was recalled",
            "it adds nothing",
            MATCH_AND_POSITION,
            MIXED,
            "In these models the match falls as items are recalled; time, fatigue and intrusions are not modelled.",
        ),
        between(
            "how much was recalled adds to the match of keys",
            "it adds nothing",
            MATCH_AND_POSITION,
            MATCH,
        ),
    ),
)  # fmt: skip


def stops_when_isolated(
    responses: npt.NDArray[np.int16], list_length: npt.NDArray[np.int64], participant: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """How much more often recall ends after an item none of whose neighbours is left, at the same output position.

    A rule that counts recalls predicts 0, whatever its hazard; one that reads the match of what remains predicts more,
    because nothing close to the last item's key remains.

    Parameters
    ----------
    responses : (..., list, output) int
        Scored recalls, Penn coding.
    list_length, participant : (list,) int

    Returns
    -------
    (..., participant) float
        Difference of the chances to stop, pooled over output positions (Mantel-Haenszel weights).
    """
    position = responses.astype(np.int64)
    *leading, n_lists, n_outputs = position.shape
    left = np.arange(1, n_outputs + 1) <= list_length[:, None]
    # item 0 and one beyond the list are never left
    left = np.broadcast_to(np.pad(left, ((0, 0), (1, 2))), (*leading, n_lists, n_outputs + 3)).copy()
    starts = np.flatnonzero(np.diff(participant, prepend=-1))
    difference = np.zeros((*leading, starts.size))
    weight = np.zeros_like(difference)
    for output in range(n_outputs - 1):
        here = position[..., output]
        np.put_along_axis(left, here[..., None], False, axis=-1)
        beside = [np.take_along_axis(left, np.maximum(here + k, 0)[..., None], -1)[..., 0] for k in (-1, 1)]
        # after the last item of the list there is nothing to decide
        asked = (here > 0) & (output + 1 < list_length)
        isolated, stopped = ~(beside[0] | beside[1]), position[..., output + 1] == 0
        n, ended = [], []
        for kind in (isolated, ~isolated):
            n.append(np.add.reduceat(asked & kind, starts, axis=-1, dtype=float))
            ended.append(np.add.reduceat(asked & kind & stopped, starts, axis=-1, dtype=float))
        both = np.maximum(n[0] + n[1], 1.0)
        difference += (ended[0] * n[1] - ended[1] * n[0]) / both
        weight += n[0] * n[1] / both
    with np.errstate(invalid="ignore"):
        found: npt.NDArray[np.float64] = difference / weight
    return found


def query_section(fit: kv.Fit) -> Section:
    """What share of the next query goes through the value: of the typical person, and of each."""
    draws = fit.tree["posterior"]["phi"].transpose("participant", "chain", "draw").to_numpy()
    draws = draws.reshape(len(draws), -1)
    row = fit.population().set_index("parameter").loc["phi"]
    lower, upper = np.quantile(draws, [0.05, 0.95], axis=1)
    shares = pd.DataFrame(
        {
            "people": [
                f"surely mostly value (90 % interval above {NEARLY_ALL:g})", "more value than key (interval above .5)",
                "more key than value (interval below .5)", f"surely mostly key (interval below {NEARLY_NONE:g})",
                "interval spans .5",
            ],
            "count": [
                int((lower > NEARLY_ALL).sum()), int((lower > 0.5).sum()), int((upper < 0.5).sum()),
                int((upper < NEARLY_NONE).sum()), int(((lower <= 0.5) & (upper >= 0.5)).sum()),
            ],
        }
    )  # fmt: skip
    words = (
        f"In {fit.label} the share phi of the next query that goes through the recalled value is {row['mean']:.2f} (90 %"
        f" interval {row['lower']:.2f} to {row['upper']:.2f}) for the typical person; 80 % of people lie between"
        f" {row['person_10']:.2f} and {row['person_90']:.2f}. 1 would be the value alone, 0 the key alone."
    )
    table = SectionTable(
        f"Of {len(draws)} people", shares, (Column("people", "People whose phi is"), Column("count", "Count", "", 0))
    )
    return Section("query", "What queries memory again", (words,), tables=(table,))


def main() -> None:
    """Fit, compare, simulate, decide; the share of the value; stopping; write."""
    arguments, data = begin(__doc__)
    if arguments.aic_only:
        answer_by_aic(STUDY, data, arguments)
        return
    found, fits = answer(STUDY, data, arguments)
    query = query_section(fits[MIXED])
    print(query.paragraphs[0], flush=True)
    table = predictive_statistics(
        {name: fits[name] for name in (MIXED, MATCH, MATCH_AND_POSITION)},
        {
            "stopping after isolated items, at equal output": partial(
                stops_when_isolated, list_length=data.list_length, participant=data.participant
            )
        },
        arguments.predictive_draws,
        arguments.seed,
        not arguments.quiet,
    )
    words = [carried_by(table, MATCH, MIXED), carried_by(table, MATCH_AND_POSITION, MIXED)]
    print("\n".join(words))
    stopping = Section(
        "stopping",
        "When recall stops",
        (
            "If stopping reads the match of what remains, it should be likelier after an item whose neighbours in the list"
            " are all recalled than after one that still has a neighbour to cue, however many words were recalled. A rule"
            " that counts recalls predicts no difference.",
            *words,
        ),
        tables=(SectionTable("Stopping after isolated items, observed and predicted", table, COLUMNS),),
    )
    write(STUDY, found, arguments, (query, stopping))


if __name__ == "__main__":
    main()
