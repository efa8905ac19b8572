"""A matplotlib figure as an SVG element that can stand inside an HTML page."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

from markupsafe import Markup
from matplotlib.figure import Figure

from kvfit.reports.figures.style import figure_style, printable

_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
# DejaVu Sans is what matplotlib measures with; it is the widest of these, so text never outgrows its place.
_FONTS = "Helvetica, Arial, 'DejaVu Sans'"


def inline_svg(figure: Figure, key: str, title: str, description: str) -> Markup:
    """Return `figure` as one ``<svg>`` element with a title and a description for screen readers.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    key : str
        Unique on the page, letters, digits and hyphens: ids inside the drawing start with it, because several
        drawings share one page and a reference must not reach into another one.
    title, description : str
        Plain text; escaped here.

    Returns
    -------
    markupsafe.Markup
        Safe to put into a template. No comments, style sheets or metadata; same figure, same text.
    """
    buffer = io.StringIO()
    with figure_style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    root = ET.fromstring(buffer.getvalue())
    _clean(root, key)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    width, height = (float(value) for value in root.attrib["viewBox"].split()[2:])
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "role": "img",
        "aria-labelledby": f"{key}-title {key}-text",
        # matplotlib sets these in a style sheet that would apply to the whole page
        "style": f"stroke-linejoin: round; stroke-linecap: butt; aspect-ratio: {width:g} / {height:g}",
    }
    for position, (tag, suffix, text) in enumerate((("title", "title", title), ("desc", "text", description))):
        element = ET.Element(tag, {"id": f"{key}-{suffix}"})
        element.text = printable(text)
        root.insert(position, element)
    return Markup(ET.tostring(root, encoding="unicode"))  # the XML writer escapes all text


def _clean(element: ET.Element, key: str) -> None:
    """Plain tag names, ids that start with `key`, shorter numbers; metadata and style sheets removed."""
    element.tag = element.tag.rpartition("}")[2]
    for child in list(element):
        if child.tag.rpartition("}")[2] in ("metadata", "style"):
            element.remove(child)
        else:
            _clean(child, key)
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        plain = name.rpartition("}")[2]
        if plain == "id":
            value = f"{key}-{value}"
        elif plain == "href":
            value = f"#{key}-{value.removeprefix('#')}"
        elif plain in ("d", "x", "y", "points"):
            value = _NUMBER.sub(lambda match: f"{float(match.group()):.2f}", value)
        elif plain == "style":
            value = value.replace("'DejaVu Sans'", _FONTS)
        element.attrib[plain] = _REFERENCE.sub(rf"url(#{key}-\1)", value)
