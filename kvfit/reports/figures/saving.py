"""A figure as a file, whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from kvfit.files import write_bytes
from kvfit.reports.figures.style import figure_style


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure in kvfit's style; the ending names the format (png, svg, pdf).

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Parent folders are made.

    Returns
    -------
    pathlib.Path
    """
    path, buffer = Path(path), io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format=path.suffix.removeprefix(".") or None, dpi=150)
    return write_bytes(path, buffer.getvalue())
