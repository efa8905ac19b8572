"""Tables, pictures and a verdict of a study in a folder."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kvfit.files import write_bytes, write_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def write_study(
    folder: str | Path, tables: "Mapping[str, pd.DataFrame]", figures: "Mapping[str, Figure]", verdict: str
) -> Path:
    """Write CSV tables, PNG pictures and ``verdict.txt``, each whole or not at all.

    Parameters
    ----------
    folder : path
        Made if it is not there; files of the same names are replaced.
    tables, figures : mapping of str to table or figure
        By the file's name without suffix.
    verdict : str

    Returns
    -------
    pathlib.Path
        The folder.
    """
    from kvfit.reports.figures.style import figure_style

    folder = Path(folder)
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", table.to_csv(index=False))
    for name, figure in figures.items():
        buffer = io.BytesIO()
        with figure_style():
            figure.savefig(buffer, format="png", dpi=200)
        write_bytes(folder / f"{name}.png", buffer.getvalue())
    write_text(folder / "verdict.txt", verdict + "\n")
    return folder
