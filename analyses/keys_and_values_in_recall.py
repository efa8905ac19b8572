"""Which claims about keys and values do people's free recalls decide? Key-value recall against its nested rivals.

Immediate free recall of Healey & Kahana (2014), the 28 lists a person without an encoding task. All models share one choice
rule and one stopping rule. They are compared on further lists of the same people and on new people, and simulated
experiments of the very same design say how often such a comparison would find each of them. The page states what is
decided, what is not, and how sure that is; the sentences follow from the numbers.

    KVFIT_DATA=FOLDER python analyses/keys_and_values_in_recall.py
    python analyses/keys_and_values_in_recall.py --participants 12     # a quick look, psifr's copy of the lists

What takes long is kept in ``fits/``: a run that was stopped goes on. Page, sentences and tables go into ``reports/``.
"""

from claim_studies import Side, Study, answer, answer_by_aic, between, label, write
from peers_lists import begin

#: where primacy comes from: the forms in which key-value recall and its nested rivals are compared
STARTS = ("both", "strength")


def forms_of(name: str, options: str = "") -> Side:
    """A variant of key-value recall, with primacy by strength alone and with a query for the start beside it."""
    return Side(name, tuple(label(f"kv_recall(start={start}{options})") for start in STARTS))


BOTH = forms_of("keys and values")
VALUE, KEY = forms_of("the value alone", ", query=value"), forms_of("the key alone", ", query=key")
ONE = forms_of("one pattern", ", memory=autoassociative")
RANDOM, TIED = forms_of("random keys", ", scaffold=False"), forms_of("one drift", ", end_drift=tied")

STUDY = Study(
    "keys_and_values_in_recall",
    "Keys and values in free recall: what the data decide",
    (
        between(
            "distinct keys and values predict better than one pattern",
            "key and value are one pattern",
            BOTH,
            ONE,
            "The two differ in what outlasts a recall (part of the old match, with distinct keys) and in direction (a value"
            " cues forward only). Either could carry the difference for reasons that have nothing to do with separate codes;"
            " analyses/distinct_keys_and_values.py takes them apart.",
        ),
        between(
            "a recalled item queries memory through its value alone",
            "it reinstates its key as well",
            VALUE,
            BOTH,
            "What is tested is that a recalled item also cues what was studied before it; any backward cue would do.",
        ),
        between(
            "the one route from item to item is the value",
            "it is the key itself",
            VALUE,
            KEY,
            "Forward against symmetric cues: other accounts of forward asymmetry (CMR's preexperimental context) would"
            " favour the value as well.",
        ),
        between(
            "the keys of neighbours are alike (a drifting scaffold)",
            "keys are unrelated random addresses",
            BOTH,
            RANDOM,
            "Contiguity of recalls decides this; any association between neighbours would do.",
        ),
        between(
            "the end-of-list query fades at a rate of its own",
            "it fades as keys drift",
            BOTH,
            TIED,
            "One parameter shared by all people; that the two rates differ does not say why.",
        ),
        between("recalled items cue others", "only study positions differ in strength", BOTH, "serial_position"),
    ),
    pairwise=True,
)


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
