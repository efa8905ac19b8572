"""Are recognition judgements read from keys or from values? An analysis of two real data sets.

Key-value recognition says that familiarity reads the raw match of keys, and recollection the value that attention
retrieves. Its nested options leave one of them out. Matches of old items may vary as much as those of new ones, or more
(``match_sd``, held at 1 or free): unequal variances alone bend the ROC much as recollection does, so that every form is
compared with either. Signal detection stands beside them. Data: confidence ratings of Schwartz et al. (2005, pictures) and
Pratte, Rouder & Morey (2010, words).

    KVFIT_DATA=FOLDER python analyses/keys_or_values.py --participants 12     # a quick look
    KVFIT_DATA=FOLDER python analyses/keys_or_values.py                       # all participants

Every form of one side meets every form of the other; the answer is that of the best forms, and says when it depends on
them. Fits are kept in ``fits/``: a run that was stopped goes on with what is missing. It writes a page for each data set
into ``reports/``.
"""

from claim_studies import Side, Study, answer, answer_by_aic, between, introduce, label, parser, write

import kvfit as kv
from kvfit.comparison.families import FamilyClaim

DATA = ("schwartz2005", "pratte2009")


def forms_of(name: str, read: str) -> Side:
    """What is read, with equal variances of old and new matches, and with the one of old matches free."""
    return Side(name, tuple(label(f"kv_recognition(read={read}{free})") for free in ("", ", match_sd=free")))


#: Recollection may vanish (a high threshold), and so may the match, so that keys alone and values alone are nested.
BOTH, KEYS = forms_of("keys and values", "both"), forms_of("keys alone", "key")
#: In lists of one length value retrieval alone has one rate of recollection a person, which the match can take to any
#: value: nothing in such data could tell more parameters apart.
VALUES = Side("values alone", (label("kv_recognition(read=value)"),))
CAVEAT = "Both are built with the gain held at 1; how much is recollected depends on it."


def claims() -> tuple[FamilyClaim, ...]:
    """What is asked of each data set."""
    return (
        between("values are read besides keys", "keys are all that is read", BOTH, KEYS, CAVEAT),
        between("keys are read besides values", "values are all that is read", BOTH, VALUES, CAVEAT),
        between("judgements are read from keys", "they are read from values", KEYS, VALUES, CAVEAT),
        between(
            "key-value memory predicts better than unequal-variance signal detection", "signal detection does",
            BOTH, "uvsd",
        ),
        between(
            "key-value memory predicts better than dual-process signal detection", "dual process does",
            BOTH, Side("dual process", (label("dpsd"), label("dpsd(recall_to_reject=True)"))),
        ),
    )  # fmt: skip


def main() -> None:
    """Analyse the data sets in turn; write pages, sentences and tables."""
    options = parser(__doc__)
    options.add_argument("--data", action="append", choices=DATA, help="one of the data sets; repeatable; default both")
    arguments = options.parse_args()
    # all data before any long work, so that what is missing is said at once
    loaded = [kv.load(name, participants=arguments.participants) for name in arguments.data or DATA]
    for data in loaded:
        introduce(data)
        title = f"Are recognition judgements read from keys or from values? {data.name}"
        study = Study(f"keys_or_values_{data.name}", title, claims(), "keys_or_values", pairwise=True)
        if arguments.aic_only:
            answer_by_aic(study, data, arguments)
            continue
        found, _ = answer(study, data, arguments)
        write(study, found, arguments)


if __name__ == "__main__":
    main()
