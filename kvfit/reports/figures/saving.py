"""A figure as a file, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.figure import Figure

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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".writing-{os.getpid()}-{path.name}")
    try:
        with figure_style():
            figure.savefig(half, dpi=150)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    return path
