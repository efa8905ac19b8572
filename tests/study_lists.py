"""Study lists on which tests simulate recall."""

import pandas as pd


def study_table(n_participants: int = 4, n_lists: int = 6, lengths: tuple[int, ...] = (8,)) -> pd.DataFrame:
    """Study events and one recall a list, so that the design can be read."""
    rows = []
    for person in range(1, n_participants + 1):
        for label in range(1, n_lists + 1):
            n = lengths[label % len(lengths)]
            for position in range(1, n + 1):
                rows.append((person, label, "study", position, f"w{person}_{label}_{position}"))
            rows.append((person, label, "recall", 1, f"w{person}_{label}_{n}"))
    return pd.DataFrame(rows, columns=["subject", "list", "trial_type", "position", "item"])
