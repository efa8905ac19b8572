"""The report page: self-contained, escaped, complete, accessible and the same every time."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from html_page import Page
from report_example import example_content

import kvfit.reports
from kvfit.reports.columns import Column, significant, write_value
from kvfit.reports.content import Citation, CurvePanel, ReportContent
from kvfit.reports.figures.comparison import comparison_figure, participant_figure
from kvfit.reports.figures.curves import curve_figure, points_inside, shared_limits
from kvfit.reports.figures.kinds import CURVES
from kvfit.reports.figures.parameters import parameter_figure
from kvfit.reports.figures.style import model_styles, shorten, wrap
from kvfit.reports.figures.svg import inline_svg
from kvfit.reports.page import render_page, write_page

SECTIONS = ("verdict", "data", "models", "comparison", "participants", "curves", "parameters", "diagnostics",
            "methods", "limits", "reproduce", "references")  # fmt: skip
ATTACKS = (
    "<script>alert(1)</script>",
    "</svg><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "</style></title>{{ 7 * 7 }}",
    r"$\frac{1}{",
    "参加者 \x07\n",
)


@pytest.fixture(scope="module")
def content() -> ReportContent:
    return example_content(12)


@pytest.fixture(scope="module")
def text(content: ReportContent) -> str:
    return render_page(content)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_page_loads_nothing_and_runs_nothing(text: str, page: Page) -> None:
    assert not {"script", "iframe", "object", "embed", "img", "form", "base"} & {tag for tag, _ in page.elements}
    assert list(page.values("src")) == []
    links = [link for link in page.values("href") if not link.startswith("#")]
    assert {link for link in links if not link.startswith("https://doi.org/10.")} == {"data:,"}
    assert re.findall(r"url\((?!#)|@import", text) == []
    assert "default-src 'none'" in text
    assert len(text.encode()) < 3_000_000


def test_every_section_is_there_and_in_the_contents(page: Page) -> None:
    found = [attributes["id"] for tag, attributes in page.elements if tag == "section"]
    assert tuple(found) == SECTIONS
    targets = [link[1:] for tag, a in page.elements if tag == "a" and (link := a["href"]).startswith("#")]
    assert targets == ["verdict", *SECTIONS]


def test_page_says_what_the_content_says(content: ReportContent, page: Page) -> None:
    said = " ".join(" ".join(page.text).split())
    data, models = content.data, content.models
    sentences = [content.title, content.verdict, content.observation, data.subset, *data.sentences]
    sentences += [*content.methods, *content.notes, content.provenance.fingerprint]
    sentences += [card.claim for card in models]
    sentences += [parameter.prior_reason for card in models for parameter in card.parameters]
    sentences += content.diagnostics["verdict"].tolist()
    assert [sentence for sentence in sentences if sentence not in said] == []
    for value in (
        "−11,702.4",
        "0.81",
        "10,427",
        "LTP063",
        "1.004",
        "doi:10.1037/a0014420",
        "0.736 to 0.781",
        "(−∞, ∞)",
    ):
        assert value in said, value


def test_ids_are_unique_and_every_reference_has_its_target(text: str, page: Page) -> None:
    ids = page.ids()
    assert [name for name, count in ids.items() if count > 1] == []
    wanted = {part for value in page.values("aria-labelledby") for part in value.split()}
    wanted |= {link[1:] for link in page.values("href") if link.startswith("#")}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", text))
    assert wanted - set(ids) == set()


def test_semantics(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    assert page.elements[0] == ("html", {"lang": "en"})
    assert tags.count("h1") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(lower <= upper + 1 for upper, lower in pairwise(levels))
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.elements if tag == "th")
    assert tags.count("caption") == tags.count("table")
    drawings = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(drawings) == 1 + 1 + 4 * 3 + 3
    assert all(a["role"] == "img" and len(a["aria-labelledby"].split()) == 2 for a in drawings)
    assert tags.count("desc") == len(drawings)


def test_same_content_gives_the_same_page_whatever_the_users_settings(content: ReportContent, text: str) -> None:
    with matplotlib.rc_context(
        {
            "font.size": 20,
            "errorbar.capsize": 5,
            "svg.hashsalt": "other",
            "axes.prop_cycle": "cycler('color', 'k')",
        }
    ):
        assert render_page(content) == text
        assert matplotlib.rcParams["font.size"] == 20


def test_pyplot_stays_out() -> None:
    code = (
        "import sys; from report_example import example_content; from kvfit.reports.page import render_page;"
        "render_page(example_content(3)); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=False).returncode == 0


@pytest.mark.parametrize("attack", ATTACKS)
def test_text_of_the_users_file_is_escaped(content: ReportContent, page: Page, attack: str) -> None:
    harmless = page

    def rename(frame: pd.DataFrame | None) -> pd.DataFrame:
        assert frame is not None
        return frame.replace({"participant": {"LTP063": attack}, "parameter": {"rho": attack}})

    panel = content.curves[0].panels[0]
    card = content.models[0]
    hostile = replace(
        content,
        title=attack,
        verdict=attack,
        observation=attack,
        data=replace(content.data, name=attack, source=attack, counts={attack: attack},
                     groups=pd.DataFrame({attack: [attack], 24: [1]})),
        models=(replace(card, label=attack, options={attack: attack}, references=(Citation(attack, attack),)),
                *content.models[1:]),
        curves=(replace(content.curves[0], panels=(replace(panel, group=attack),)),),
        participants=rename(content.participants),
        estimates=rename(content.estimates),
        parameters=rename(content.parameters),
        notes=(attack,),
    )  # fmt: skip
    text = render_page(hostile)
    found = Page(text)
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in harmless.elements} | {"h4"}
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    shown = "".join(found.text)
    readable = attack.partition("\x07")[0]
    # title twice, data name, count label and value, group heading, table cells, figure text ...
    assert shown.count(readable) > 15
    assert "<script" not in text
    assert "<img" not in text


def test_labels_in_figures_are_text_not_markup() -> None:
    label = "</text></svg><script>"
    series = pd.Series([1.0, -1.0], index=[label, r"a$_b$"])
    styles = model_styles(["a", "b"])
    figure = participant_figure(series, series.abs(), label, label, (styles["a"], styles["b"]))
    drawing = Page(str(inline_svg(figure, "key", label, label)))
    assert [tag for tag, _ in drawing.elements].count("svg") == 1
    assert "script" not in {tag for tag, _ in drawing.elements}
    assert r"a$_b$" in "".join(drawing.text)


def test_axis_labels_hold_nothing_that_xml_forbids() -> None:
    assert shorten("a\x00\n\ud800b") == "a\ufffd \ufffdb"
    assert shorten("x" * 30, 10) == "x" * 9 + "…"
    assert wrap("context maintenance and retrieval of everything in memory") == (
        "context maintenance\nand retrieval of\neverything in memory"
    )
    assert wrap("context maintenance and retrieval of everything in a memory for words").endswith(" …")
    assert wrap("kv_recall(stopping=mixed)") == "kv_recall(\nstopping=mixed)"


def test_one_fit_without_comparison_makes_a_page(content: ReportContent) -> None:
    card = content.models[0]
    parameters = content.parameters[content.parameters["model"] == card.name]
    one = replace(
        content, models=(card,), comparison=None, participants=None, estimates=None, curves=(), notes=(),
        parameters=parameters.assign(lower=np.nan, upper=np.nan),
        diagnostics=content.diagnostics[:1].assign(rhat_max=np.nan).drop(columns="divergences"),
        provenance=replace(content.provenance, settings={card.name: {"starts": 8}}),
    )  # fmt: skip
    page = Page(render_page(one))
    found = [attributes["id"] for tag, attributes in page.elements if tag == "section"]
    assert found == [name for name in SECTIONS if name not in ("comparison", "participants", "curves")]
    assert "nan" not in " ".join(page.text).split()


def test_several_groups_share_one_scale(content: ReportContent) -> None:
    curve = content.curves[1]
    second = replace(curve.panels[0], group="24 words", observed=curve.panels[0].observed * 1.5)
    both = replace(curve, panels=(replace(curve.panels[0], group="16 words"), second))
    lower, upper = shared_limits(both.panels, CURVES["first_recall"])
    assert lower == 0
    assert upper > np.nanmax(second.observed + second.se)
    page = Page(render_page(replace(content, curves=(both,))))
    assert {"16 words", "24 words"} <= {text.strip() for text in page.text}
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 1 + 1 + 2 * 3 + 3


def test_all_problems_are_told_at_once(content: ReportContent) -> None:
    assert content.comparison is not None
    assert content.participants is not None
    curve = content.curves[0]
    panel = replace(curve.panels[0], observed=np.zeros(3))
    wrong = replace(
        content,
        models=(*content.models[:2], content.models[1]),
        comparison=content.comparison.drop(columns="dse"),
        participants=content.participants.assign(elpd_diff=1.0).iloc[:-1],
        parameters=pd.concat([content.parameters, content.parameters[:1]]),
        curves=(replace(curve, kind="spc"), replace(curve, panels=(panel,)), curve),
    )
    with pytest.raises(ValueError, match="the report's content has problems") as caught:
        render_page(wrong)
    lines = str(caught.value).splitlines()[1:]
    for expected in (
        "models: the name 'cmr' stands on 2 cards",
        "comparison: columns ['dse'] are missing",
        "parameters: model 'serial_position' has no card",
        "parameters: 1 rows repeat",
        "participants: elpd_diff must be 0 for 'kv_recall'",
        "participants: 'LTP074' has 2 models, the comparison has 3",
        "curves: 'serial_position' stands 2 times",
        "curves: kind 'spc' is unknown",
        "observed has shape (3,), x has (16,)",
    ):
        assert any(expected in line for line in lines), expected


def test_write_page_replaces_at_once_and_keeps_the_old_page_after_an_error(
    content: ReportContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "new" / "report.html"
    monkeypatch.setattr("kvfit.reports.page.render_page", lambda _: text)
    assert write_page(content, path) == path
    assert path.read_text(encoding="utf-8") == text

    def fail(*_: object) -> None:
        raise OSError("disk is full")

    monkeypatch.setattr("kvfit.files.os.replace", fail)
    with pytest.raises(OSError, match="disk is full"):
        write_page(content, path)
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    assert path.read_text(encoding="utf-8") == text


def test_panel_from_samples() -> None:
    observed = [[0.2, np.nan, np.nan], [0.4, 0.5, np.nan], [0.9, 0.7, np.nan]]
    draws = np.column_stack([np.arange(101) / 100, np.full(101, 0.5), np.full(101, np.nan)])
    panel = CurvePanel.from_samples("", [1, 2, 3], observed, {"m": draws})
    np.testing.assert_allclose(panel.observed, [0.5, 0.6, np.nan])
    np.testing.assert_allclose(panel.se, [np.std([0.2, 0.4, 0.9], ddof=1) / np.sqrt(3), 0.1, np.nan])
    band = panel.bands[0]
    levels = [band.lower90, band.lower50, band.median, band.upper50, band.upper90]
    np.testing.assert_allclose(np.array(levels)[:, 0], [0.05, 0.25, 0.5, 0.75, 0.95])
    assert np.isnan([level[2] for level in levels]).all()
    assert points_inside(panel, band) == (1, 2)


def test_lag_crp_is_broken_at_lag_0(content: ReportContent) -> None:
    panel = next(curve for curve in content.curves if curve.kind == "lag_crp").panels[0]
    style = model_styles(["m"])["m"]
    plot = curve_figure(panel, panel.bands[0], CURVES["lag_crp"], style, (0, 0.5)).axes[0]
    lines = [np.asarray(line.get_xdata()) for line in plot.get_lines() if line.get_linestyle() == "-"]
    assert sorted(line.tolist() for line in lines) == [[-5, -4, -3, -2, -1], [1, 2, 3, 4, 5]]
    assert plot.get_xticks().tolist() == [-5, -3, -1, 1, 3, 5]
    assert plot.get_xlabel() == "Lag"
    assert plot.get_ylim() == (0, 0.5)


def test_serial_position_axes(content: ReportContent) -> None:
    panel = content.curves[0].panels[0]
    axes = CURVES["serial_position"]
    figure = curve_figure(panel, panel.bands[0], axes, model_styles(["m"])["m"], shared_limits([panel], axes))
    assert figure.axes[0].get_ylim() == (0, 1)
    assert figure.axes[0].get_xticks().tolist() == [1, 4, 8, 12, 16]


def test_participant_figure_sorts_and_counts() -> None:
    difference = pd.Series([3.0, -1.0, 2.0], index=["p1", "p2", "p3"])
    styles = model_styles(["a", "b"])
    plot = participant_figure(difference, difference.abs() / 2, "A", "B", (styles["a"], styles["b"])).axes[0]
    assert [label.get_text() for label in plot.get_xticklabels()] == ["p2", "p3", "p1"]
    assert [text.get_text() for text in plot.texts] == ["▲ A: 2", "▼ B: 1"]


def test_comparison_figure_puts_the_best_model_on_top(content: ReportContent) -> None:
    assert content.comparison is not None
    names = content.comparison["model"].tolist()
    plot = comparison_figure(content.comparison[::-1], dict(zip(names, names, strict=True)), model_styles(names)).axes[
        0
    ]
    assert [label.get_text() for label in plot.get_yticklabels()] == names
    assert plot.get_ylim()[0] > plot.get_ylim()[1]


def test_parameter_figure_shows_every_person(content: ReportContent) -> None:
    rows = content.parameters[content.parameters["model"] == "cmr"]
    assert content.estimates is not None
    persons = content.estimates[content.estimates["model"] == "cmr"]
    figure = parameter_figure(rows, persons, model_styles(["cmr"])["cmr"])
    assert [plot.get_ylabel() for plot in figure.axes] == rows["parameter"].tolist()
    for plot, name in zip(figure.axes, rows["parameter"], strict=True):
        drawn = np.asarray(plot.collections[0].get_offsets())[:, 0]
        np.testing.assert_array_equal(drawn, persons.loc[persons["parameter"] == name, "estimate"])


def test_models_never_share_colour_and_marker() -> None:
    styles = model_styles([str(i) for i in range(42)])
    assert len(set(styles.values())) == 42
    assert len({style.colour for style in list(styles.values())[:6]}) == 6


@pytest.mark.parametrize(
    ("value", "column", "written"),
    [
        (-1234.56, Column("", "", decimals=1), "−1,234.6"),
        (5.25, Column("", "", decimals=1, signed=True), "+5.2"),
        (-0.01, Column("", "", decimals=1, signed=True), "0.0"),
        (np.int64(12345), Column("", ""), "12,345"),
        (np.nan, Column("", "", decimals=1), "–"),
        (None, Column("", ""), "–"),
        ("text", Column("", "", decimals=1), "text"),
        (True, Column("", ""), "True"),
        (0.012345, Column("", ""), "0.0123"),
    ],
)
def test_written_values(value: object, column: Column, written: str) -> None:
    assert write_value(value, column) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.9996, "1.00"), (12.34, "12.3"), (1234.5, "1234"), (-3.7, "−3.70"), (0.0, "0"), (2e-6, "2.00e−06"),
     (np.inf, "–")],
)  # fmt: skip
def test_significant(value: float, written: str) -> None:
    assert significant(value) == written


def _luminance(colour: str) -> float:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_text_has_the_contrast_that_wcag_asks_for() -> None:
    css = (Path(kvfit.reports.__file__).parent / "page.css").read_text(encoding="utf-8")
    themes = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)[:2]
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", theme))
        for front in ("ink", "soft", "link", "good", "bad"):
            for back in ("page", "wash"):
                light, dark = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)
