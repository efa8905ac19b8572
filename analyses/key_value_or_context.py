"""Does key-value recall or retrieved context predict people's free recall better? Each in all its published forms.

Key-value recall with primacy by the strength of writing, by a query for the start of the list, or by both, under the
exponential choice rule and under powers; CMR with powers (Kragel, Morton & Polyn 2015) and with the exponential rule (Morton
& Polyn 2016; the temperature free, and held as cymr's guide has it). One stopping rule for all: memories are compared.
Every form of one side meets every form of the other; the answer is that of the best forms, and says when it depends on them.

    KVFIT_DATA=FOLDER python analyses/key_value_or_context.py                      # PEERS, 126 people
    KVFIT_DATA=FOLDER python analyses/key_value_or_context.py --data morton2013
    python analyses/key_value_or_context.py --participants 12 --aic-only           # a quick look

What takes long is kept in ``fits/``: a run that was stopped goes on. Page, sentences and tables go into ``reports/``.
"""

from claim_studies import Side, Study, answer, answer_by_aic, between, forms, introduce, parser, write
from peers_lists import load
from primacy_features import features

import kvfit as kv
from kvfit.comparison.families import FamilyClaim
from kvfit.files import write_text
from kvfit.reports.own_section import Section, SectionTable
from kvfit.reports.statistics import COLUMNS, carried_by, predictive_statistics

SOFTMAX = forms("kv_recall", "strength_and_query", "strength", "start_query")
POWERS = forms("kv_recall", "strength_and_query", "strength", "start_query", separation="power")
CONTEXT_POWERS = forms("cmr", "kragel_2015", "kragel_2015_low_uniform", stopping="position")
CONTEXT_SOFTMAX = forms("cmr", "morton_polyn_2016", "cymr", stopping="position")
CAVEAT = (
    "What differs is the whole memory: where primacy comes from, how far cues reach, how the end of the list fades."
)


def claims() -> tuple[FamilyClaim, ...]:
    """The contest, and the same under each choice rule alone."""

    def contest(under: str, keys: tuple[str, ...], context: tuple[str, ...]) -> FamilyClaim:
        return between(
            f"key-value recall predicts people better than CMR{under}", f"CMR predicts them better{under}",
            Side("key-value recall", keys), Side("CMR", context), CAVEAT,
        )  # fmt: skip

    return (
        contest("", SOFTMAX + POWERS, CONTEXT_SOFTMAX + CONTEXT_POWERS),
        contest(" under the exponential rule", SOFTMAX, CONTEXT_SOFTMAX),
        contest(" under powers", POWERS, CONTEXT_POWERS),
        between(
            "primacy is in the strength of what was written", "it is a query for the start of the list",
            SOFTMAX[1], SOFTMAX[2], "Either could be rehearsal of early items, which free recall alone does not show.",
        ),
        between(
            "the start of the list is queried besides", "early items are only written more strongly",
            SOFTMAX[0], SOFTMAX[1], "The first is the second with one more parameter.",
        ),
    )  # fmt: skip


def main() -> None:
    """Fit, compare, simulate, decide, write."""
    options = parser(__doc__)
    options.add_argument("--data", default=None, help="a data set of free recall; default the lists of PEERS")
    arguments = options.parse_args()
    data = load(arguments.participants) if arguments.data is None else kv.load(arguments.data, arguments.participants)
    introduce(data)
    name = "key_value_or_context" + (f"_{arguments.data}" if arguments.data else "")
    title = f"Key-value recall or retrieved context? {data.name}"
    study = Study(name, title, claims(), "key_value_or_context", pairwise=True)
    if arguments.aic_only:
        answer_by_aic(study, data, arguments)
        return
    found, fits = answer(study, data, arguments)
    table = predictive_statistics(fits, features(data), arguments.predictive_draws, arguments.seed, not arguments.quiet)
    best = {pair for decision in found.decisions for pair in decision.best.values()}
    words = [carried_by(table, *pair) for pair in sorted(best)]
    print(table.round(3).to_string(index=False), *words, sep="\n")
    section = Section(
        "features",
        "Which features of recall tell them apart",
        ("Single features of behaviour in the data and in data simulated from each posterior.", *words),
        tables=(SectionTable("Features of recall, observed and predicted", table, COLUMNS),),
    )
    write(study, found, arguments, (section,))
    write_text(arguments.output / f"{study.name}_features.csv", table.to_csv(index=False))


if __name__ == "__main__":
    main()
