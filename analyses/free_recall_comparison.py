"""Which memory model explains these people's free recall best? The demonstration as a script to copy.

Run it with ``python analyses/free_recall_comparison.py``. Fits are kept in ``fits/``: a second run, or a run that was
stopped, goes on with what is missing.
"""

import kvfit as kv

MODELS = ("kv_recall", "cmr", "serial_position")


def main() -> None:
    """Load, fit, compare, report."""
    # Your own table: data = kv.read_free_recall("mine.csv")
    data = kv.load("peers_notask", participants=12)
    print(data)
    print(data.scoring_note())

    fits = [kv.fit(model, data, store="fits", draws=4000, seed=0) for model in MODELS]
    for fit in fits:
        print(f"\n{fit.label}: {fit.diagnostics.verdict()}")
        print(fit.population().round(2).to_string(index=False))

    comparison = kv.compare(fits)
    print(f"\n{comparison}")
    print("Report:", kv.report(comparison, "reports/free_recall_comparison.html"))


if __name__ == "__main__":
    main()
