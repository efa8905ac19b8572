"""Which claims about keys and values do people's free recalls decide? Key-value recall, its nested rivals, and CMR.

Immediate free recall of Healey & Kahana (2014), the 28 lists a person without an encoding task. All models share one choice
rule and one stopping rule. They are compared on further lists of the same people and on new people, and simulated
experiments of the very same design say how often such a comparison would find each of them. The page states what is
decided, what is not, and how sure that is; the sentences follow from the numbers.

    KVFIT_DATA=FOLDER python analyses/keys_and_values_in_recall.py
    python analyses/keys_and_values_in_recall.py --participants 12     # a quick look, psifr's copy of the lists

What takes long is kept in ``fits/``: a run that was stopped goes on. Page, sentences and tables go into ``reports/``.
"""

from recall_claims import Study, answer, answer_by_aic, begin, label, write

from kvfit.comparison.claims import Claim

BOTH, VALUE, KEY = label("kv_recall"), label("kv_recall(query=value)"), label("kv_recall(query=key)")
ONE = label("kv_recall(memory=autoassociative)")
RANDOM, TIED = label("kv_recall(scaffold=False)"), label("kv_recall(end_drift=tied)")
CMR, POSITION = label("cmr"), label("serial_position")

STUDY = Study(
    "keys_and_values_in_recall",
    "Keys and values in free recall: what the data decide",
    (BOTH, VALUE, KEY, ONE, RANDOM, TIED, CMR, POSITION),
    (
        Claim(
            "distinct keys and values predict better than one pattern",
            "key and value are one pattern",
            BOTH,
            ONE,
            "The two differ in what outlasts a recall (part of the old match, with distinct keys) and in direction (a value"
            " cues forward only). Either could carry the difference for reasons that have nothing to do with separate codes;"
            " analyses/distinct_keys_and_values.py takes them apart.",
        ),
        Claim(
            "a recalled item queries memory through its value alone",
            "it reinstates its key as well",
            VALUE,
            BOTH,
            "What is tested is that a recalled item also cues what was studied before it; any backward cue would do.",
        ),
        Claim(
            "the one route from item to item is the value",
            "it is the key itself",
            VALUE,
            KEY,
            "Forward against symmetric cues: other accounts of forward asymmetry (CMR's preexperimental context) would"
            " favour the value as well.",
        ),
        Claim(
            "the keys of neighbours are alike (a drifting scaffold)",
            "keys are unrelated random addresses",
            BOTH,
            RANDOM,
            "Contiguity of recalls decides this; any association between neighbours would do.",
        ),
        Claim(
            "the end-of-list query fades at a rate of its own",
            "it fades as keys drift",
            BOTH,
            TIED,
            "One parameter shared by all people; that the two rates differ does not say why.",
        ),
        Claim(
            "key-value recall predicts people better than CMR",
            "CMR predicts them better",
            BOTH,
            CMR,
            "CMR's temperature is held at 0.1, and its stopping rule is that of the other models, not its own.",
        ),
        Claim(
            "recalled items cue others",
            "only study positions differ in strength",
            BOTH,
            POSITION,
        ),
    ),
)  # fmt: skip


def main() -> None:
    """Fit, compare, simulate, decide, write."""
    arguments, data = begin(__doc__)
    if arguments.aic_only:
        answer_by_aic(STUDY, data, arguments)
        return
    found, _ = answer(STUDY, data, arguments)
    write(STUDY, found, arguments)


if __name__ == "__main__":
    main()
