"""Are keys and values distinct, or one pattern? The second claim of the key-value theory, in free recall with meanings.

Key-value recall against its autoassociative rival, both with similarity of meaning (GloVe) among cues and with the same
choice and stopping, and then the two things in which they differ one at a time: what outlasts a recall, and direction.
Simulated data from each posterior say which feature of behaviour carries the difference.

    KVFIT_DATA=FOLDER python analyses/distinct_keys_and_values.py

``FOLDER`` holds ``healey_kahana2014`` and ``item_features``; without it the same lists come from psifr and meanings are
left out. Fits are shared with ``keys_and_values_in_recall.py``.
"""

from functools import partial

import numpy as np
import numpy.typing as npt
from claim_studies import Study, answer, answer_by_aic, between, label, write
from peers_lists import begin, meanings
from person_shares import share_by_person

import kvfit as kv
from kvfit.comparison.families import FamilyClaim
from kvfit.reports.own_section import Section, SectionTable
from kvfit.reports.statistics import COLUMNS, Statistic, carried_by, predictive_statistics
from kvfit.tasks.curves import first_recall, lag_crp, lag_rank
from kvfit.tasks.curves.semantic_clustering import similarity_rank

BOTH, KEY, ONE = label("kv_recall"), label("kv_recall(query=key)"), label("kv_recall(memory=autoassociative)")
BOTH_MEANING = label("kv_recall(semantic=True)")
ONE_MEANING = label("kv_recall(memory=autoassociative, semantic=True)")
#: Transitions at least so far are remote.
REMOTE = 4


def claims(with_meaning: bool) -> tuple[FamilyClaim, ...]:
    """What is asked, with similarity of meaning or without."""
    parts = (
        between(
            "part of the old match outlasts a recall",
            "the retrieved pattern is the whole next cue",
            KEY,
            ONE,
            "The half of the difference that context models share: a context that changes gradually would do the same.",
        ),
        between(
            "a recalled item cues forward more than backward",
            "its cue is symmetric",
            BOTH,
            KEY,
            "The other half; CMR explains forward asymmetry without separate values.",
        ),
    )
    whole = (BOTH_MEANING, ONE_MEANING) if with_meaning else (BOTH, ONE)
    first = between(
        "distinct keys and values predict better than one pattern"
        + (", with meanings among the cues" if with_meaning else ""),
        "key and value are one pattern",
        *whole,
        "The weight of meaning is free in both models, so that an autoassociative memory is not held to one weight for"
        " storing and cueing content: this compares what is left of the claim.",
    )
    adds = between(
        "similarity of meaning cues recall",
        "it does not",
        BOTH_MEANING,
        BOTH,
        "Not a claim about keys; it says whether meanings were worth including.",
    )
    return (first, *parts, *((adds,) if with_meaning else ()))


def statistics(data: kv.FreeRecallData, similarity: np.ndarray | None) -> dict[str, Statistic]:
    """Features of behaviour that could tell the models apart, each a value a participant."""
    of_people = (data.list_length, data.participant, data.n_participants)
    longest = int(data.list_length.max())

    def asymmetry(responses: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        crp = lag_crp(responses, *of_people)
        difference: npt.NDArray[np.float64] = crp[..., longest] - crp[..., longest - 2]
        return difference

    def late_starts(responses: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        share: npt.NDArray[np.float64] = np.nansum(first_recall(responses, *of_people)[..., -4:], axis=-1)
        return share

    found: dict[str, Statistic] = {
        "forward asymmetry (lag-CRP at +1 minus -1)": asymmetry,
        "temporal clustering (rank of lags)": lambda responses: lag_rank(responses, *of_people),
        "compound cueing (near steps after near, minus after remote ones)": partial(
            compound_cueing, participant=data.participant
        ),
        "recall starts with one of the last four items": late_starts,
    }
    if similarity is not None:
        found["semantic clustering (rank of similarities)"] = lambda responses: similarity_rank(
            responses, data.list_length, similarity, data.participant, data.n_participants
        )
    return found


def compound_cueing(responses: npt.NDArray[np.int16], participant: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """How much more often a step to a neighbour follows another such step than a remote one.

    If only the item just recalled cues the next, the step that led to it hardly matters; if earlier items still cue, a
    neighbour of both is favoured (Lohnas & Kahana 2014, Journal of Experimental Psychology: Learning, Memory,
    and Cognition 40, 12-24).

    Parameters
    ----------
    responses : (..., list, output) int
        Scored recalls, Penn coding.
    participant : (list,) int

    Returns
    -------
    (..., participant) float
        Share of steps of one position after steps of one position, minus that after steps of four and more.
    """
    position = responses.astype(np.int64)
    step = np.abs(np.diff(position, axis=-1))
    before, after = step[..., :-1], step[..., 1:]
    known = position[..., 2:] > 0
    rates = []
    for kind in (before == 1, before >= REMOTE):
        counted = (known & kind).sum(axis=-1)
        near = (known & kind & (after == 1)).sum(axis=-1)
        rates.append(share_by_person(near, counted, participant))
    difference: npt.NDArray[np.float64] = rates[0] - rates[1]
    return difference


def main() -> None:
    """Fit, compare, simulate, decide; find what carries the difference; write."""
    arguments, data = begin(__doc__)
    similarity = meanings(data)
    with_meaning = similarity is not None
    if not with_meaning:
        print("No meanings: set KVFIT_DATA to a folder with item_features to include them.")
    study = Study("distinct_keys_and_values", "Distinct keys and values in free recall", claims(with_meaning))
    if arguments.aic_only:
        answer_by_aic(study, data, arguments, similarity)
        return
    found, fits = answer(study, data, arguments, similarity)
    table = predictive_statistics(
        fits, statistics(data, similarity), arguments.predictive_draws, arguments.seed, not arguments.quiet
    )
    words = [carried_by(table, *pair) for pair in study.pairs]
    print("\n".join(words))
    section = Section(
        "features",
        "What carries the difference",
        ("Single features of behaviour in the data and in data simulated from each posterior.", *words),
        tables=(SectionTable("Features of recall, observed and predicted", table, COLUMNS),),
    )
    write(study, found, arguments, (section,))
    table.to_csv(arguments.output / f"{study.name}_features.csv", index=False)


if __name__ == "__main__":
    main()
