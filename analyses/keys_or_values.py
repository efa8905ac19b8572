"""Are recognition judgements read from keys or from values? An analysis of two real data sets.

Key-value recognition says that familiarity reads the raw match of keys, and recollection the value that attention
retrieves. Its nested options leave one of them out. This script fits all three, and signal detection beside them, to the
confidence ratings of Schwartz et al. (2005, pictures) and Pratte, Rouder & Morey (2010, words), and says what the data say.

    KVFIT_DATA=FOLDER python analyses/keys_or_values.py --participants 12     # a quick look
    KVFIT_DATA=FOLDER python analyses/keys_or_values.py                       # all participants

Fits are kept in ``fits/``: a run that was stopped goes on with what is missing. It writes a page for each data set and
a table of contrasts, ``keys_or_values.csv``, into ``reports/``.
"""

import argparse
from datetime import date
from pathlib import Path

import pandas as pd

import kvfit as kv
from kvfit.comparison.contrasts import contrast, elpd_by_person
from kvfit.data.metadata import known_datasets

DATA = ("schwartz2005", "pratte2009")
#: Recollection may vanish (a high threshold), and so may the match, so that keys alone and values alone are nested.
BOTH = kv.get_model("kv_recognition").label
KEYS = kv.get_model("kv_recognition(read=key)").label
#: In lists of one length value retrieval alone has one rate of recollection a person, which the match can take to any
#: value: nothing in such data could tell more parameters apart.
VALUES = kv.get_model("kv_recognition(read=value)").label
RIVALS = ("uvsd", "dpsd", "minerva2")
#: Each pair is one question; a positive difference favours the first model.
QUESTIONS = {
    (BOTH, KEYS): "do values add to keys?",
    (BOTH, VALUES): "do keys add to values?",
    (KEYS, VALUES): "keys alone or values alone?",
    (BOTH, "uvsd"): "key-value memory or unequal-variance signal detection?",
    (BOTH, "dpsd"): "key-value memory or dual-process signal detection?",
}


def contrasts(comparison: kv.Comparison) -> pd.DataFrame:
    """Answer each question with a difference in predictive accuracy and its uncertainty.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    pandas.DataFrame
        One row a question: ``first``, ``second``, ``question``, ``elpd_diff`` (log predictive density of the first minus
        the second, summed over trials), ``se`` (over participants, who are what is sampled: trials of a person are no
        independent evidence about people), ``persons_first`` (predicted better by the first), ``persons``, ``answer``.
    """
    values = elpd_by_person(comparison.participants)
    rows = []
    for (first, second), question in QUESTIONS.items():
        found = contrast(values, first, second)
        rows.append(
            {
                "first": first,
                "second": second,
                "question": question,
                "elpd_diff": found.total,
                "se": found.error,
                "persons_first": found.persons_first,
                "persons": found.persons,
                "answer": found.answer,
            }
        )
    return pd.DataFrame(rows)


def conclusion(table: pd.DataFrame) -> str:
    """What the contrasts of one data set say about keys and values."""
    answers = table.set_index(["first", "second"])["answer"]
    values_add, keys_add = answers[BOTH, KEYS], answers[BOTH, VALUES]
    if values_add == "second" or keys_add == "second":
        simpler = [name for name, answer in (("keys", values_add), ("values", keys_add)) if answer == "second"]
        said = f"reading both predicts worse than reading {' alone and '.join(simpler)} alone"
    else:
        said = {
            ("first", "first"): "both keys and values are read: leaving either out predicts worse",
            ("first", "undecided"): "values are read; that keys add to them is undecided",
            ("undecided", "first"): "keys are read; that values add to them is undecided",
            ("undecided", "undecided"): "undecided: neither keys nor values can be shown to add to the other",
        }[values_add, keys_add]
    words = {"first": "better than", "second": "worse than", "undecided": "not distinguishable from"}
    beside = "; ".join(f"{words[answers[BOTH, name]]} {name}" for name in ("uvsd", "dpsd"))
    return f"{said}. Beside signal detection, key-value recognition predicts {beside}."


def analyse(name: str, arguments: argparse.Namespace) -> pd.DataFrame:
    """Fit all models to one data set, print what is found, write the page; return the contrasts."""
    data = kv.load(name, participants=arguments.participants)
    print(f"\n{'=' * 100}\n{data!r}\n{data.scoring_note()}\nOne observation: {data.observation_words}.")
    settings = {key: getattr(arguments, key) for key in ("draws", "tune", "chains", "cores", "target_accept", "seed")}
    fits = []
    for model in (BOTH, KEYS, VALUES, *RIVALS):
        fits.append(kv.fit(model, data, store=arguments.store, **settings))
        print(f"{fits[-1].label}: {fits[-1].diagnostics.verdict()}")
    comparison = kv.compare(fits)
    found = contrasts(comparison)
    print(f"\n{comparison}\n\n{found.drop(columns='question').to_string(index=False, float_format='{:.1f}'.format)}")
    print(f"\n{name}: {conclusion(found)}")
    best = comparison.table.query("n_best > 0")
    counts = [f"{n} by {model}" for model, n in zip(best["model"], best["n_best"], strict=True)]
    print(f"Of {data.n_participants} participants are predicted best: {', '.join(counts)}.")
    failed = [fit.label for fit in fits if not fit.diagnostics.passed]
    if failed:
        print(f"Provisional: sampling of {', '.join(failed)} did not pass its checks; raise --draws and --tune.")
    page = kv.report(
        comparison,
        arguments.output / f"keys_or_values_{name}.html",
        title=f"Are recognition judgements read from keys or from values? {name}",
        created=date.today().isoformat(),
        command="python analyses/keys_or_values.py",
        citation=known_datasets()[name].citation,
    )
    print(f"Report: {page.resolve()}")
    return found.assign(data=name)


def main() -> None:
    """Analyse the data sets in turn; write the table of contrasts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", choices=DATA, help="one of the data sets; repeatable; default both")
    parser.add_argument("--participants", type=int, default=None, help="the first so many; default all")
    parser.add_argument("--store", type=Path, default=Path("fits"))
    parser.add_argument("--output", type=Path, default=Path("reports"))
    for option, default in (("draws", 1000), ("tune", 1000), ("chains", 4), ("cores", 2), ("seed", 0)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--target-accept", type=float, default=0.95)
    arguments = parser.parse_args()
    tables = [analyse(name, arguments) for name in arguments.data or DATA]
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / "keys_or_values.csv"
    pd.concat(tables, ignore_index=True).to_csv(path, index=False)
    print(f"\nTable: {path.resolve()}")


if __name__ == "__main__":
    main()
