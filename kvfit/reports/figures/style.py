"""The project's one figure style, and a colour and marker for each model that stay the same everywhere."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import matplotlib.style

STYLE_FILE = Path(__file__).parent.parent / "kvfit.mplstyle"
INK = "#1a1a1a"
SOFT = "#8a8a8a"
# Control characters and lone surrogates (XML 1.0, 2.2).
_FORBIDDEN = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Where a label may go on in the next line: at spaces, and behind an opening parenthesis.
_MAY_BREAK = re.compile(r"(\s+|(?<=\())")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
#: Offset and lengths of dashes and gaps, in line widths; none for an unbroken line.
_DASHES: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0, ()), (0, (4, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 2)),
)  # fmt: skip


@dataclass(frozen=True)
class ModelStyle:
    """How one model is drawn: colour, marker and dashes, so that no difference rests on colour alone."""

    colour: str
    marker: str
    dashes: tuple[float, tuple[float, ...]] = (0.0, ())


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw with kvfit's style, whatever the user's matplotlib settings are, and restore them afterwards."""
    # `default` first: fonts and sizes of a user's matplotlibrc would change the layout.
    with matplotlib.style.context(["default", str(STYLE_FILE)]), warnings.catch_warnings():
        # Text stays text in the SVG, so the reader's browser has the glyphs that DejaVu Sans lacks.
        warnings.filterwarnings("ignore", message=r"Glyph \d+", category=UserWarning)
        yield


def model_styles(names: Sequence[str]) -> dict[str, ModelStyle]:
    """Colour and marker per model, in the order of `names`.

    Colours repeat after six models and markers after seven, so that no pair repeats before 42.
    """
    with figure_style():
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]
    colours = [colour if colour.startswith("#") else f"#{colour}" for colour in cycle]
    return {
        name: ModelStyle(colours[i % len(colours)], _MARKERS[i % len(_MARKERS)], _DASHES[i % len(_DASHES)])
        for i, name in enumerate(names)
    }


def printable(text: object) -> str:
    """Text on one line without what XML forbids; labels from a user's file may hold anything."""
    return _FORBIDDEN.sub("\ufffd", " ".join(str(text).split()))


def shorten(text: object, limit: int = 24) -> str:
    """Text that fits on an axis: at most `limit` characters, an ellipsis for the rest."""
    plain = printable(text)
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def wrap(text: object, width: int = 22) -> str:
    """Text in at most three lines of about `width` characters; a model's options may begin a line."""
    wrapper = textwrap.TextWrapper(width, max_lines=3, placeholder=" …")
    wrapper.wordsep_re = _MAY_BREAK
    return "\n".join(wrapper.wrap(printable(text)))
