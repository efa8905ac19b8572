"""What a puzzle says of its first memory against each rival, when every setting of the grid counts as a form."""

import pandas as pd


def against_rivals(swept: pd.DataFrame) -> pd.DataFrame:
    """In how many settings the first memory, a rival, or both show the pattern.

    Parameters
    ----------
    swept : pandas.DataFrame
        See :func:`~kvfit.puzzles.sweep.sweep`; the first memory is the account, the others are its rivals.

    Returns
    -------
    pandas.DataFrame
        One row a rival: ``rival``, ``account_alone``, ``both``, ``rival_alone`` and ``settings``.
    """
    account, *rivals = dict.fromkeys(swept["memory"])
    shows = {memory: rows["holds"].to_numpy(dtype=bool) for memory, rows in swept.groupby("memory")}
    own = shows[account]
    return pd.DataFrame(
        [
            {
                "rival": rival,
                "account_alone": int((own & ~shows[rival]).sum()),
                "both": int((own & shows[rival]).sum()),
                "rival_alone": int((~own & shows[rival]).sum()),
                "settings": len(own),
            }
            for rival in rivals
        ],
        columns=["rival", "account_alone", "both", "rival_alone", "settings"],
    )


def answer_words(swept: pd.DataFrame) -> str:
    """One sentence a rival: whether the pattern speaks for the first memory whatever the settings, or depends on them."""
    account = str(next(iter(swept["memory"])))
    table = against_rivals(swept)
    counts = table[["account_alone", "both", "rival_alone", "settings"]].to_numpy(dtype=int).tolist()
    return "\n".join(_sentence(account, str(rival), *row) for rival, row in zip(table["rival"], counts, strict=True))


def _sentence(account: str, rival: str, alone: int, both: int, rival_alone: int, settings: int) -> str:
    if alone + both + rival_alone == 0:
        return f"Not decided: neither {account} nor {rival} shows the pattern in any of {settings} settings."
    if both + rival_alone == 0:
        return f"For {account}: it shows the pattern in {alone} of {settings} settings, {rival} in none."
    if alone + both == 0:
        return (
            f"Against {account}: {rival} shows the pattern in {rival_alone} of {settings} settings, {account} in none."
        )
    return (
        f"Depends on the settings: of {settings}, {account} alone shows the pattern in {alone}, {rival} alone in"
        f" {rival_alone}, both in {both}."
    )
