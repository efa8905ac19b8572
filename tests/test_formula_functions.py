"""Formulas call a short list of functions; everything else is refused from the text, before anything is evaluated."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from study_lists import study_table

import kvfit as kv
from kvfit.regression.columns import Columns, evaluate
from kvfit.regression.formula import FormulaError, read_formula
from kvfit.regression.functions import FUNCTIONS, MOST_TERMS, NUMPY, syntax_problems

RATE = np.array([1.0, 2.0, 5.0, 3.0, 4.0, 2.5, 6.0, 0.5])
FRAME = pd.DataFrame({"rate": RATE, "age": RATE[::-1] + 0.25})


@pytest.mark.parametrize(
    ("formula", "named"),
    [
        # cases 23 of the issue, and its kinds
        ("np.testing.measure('open(1)')", "np.testing.measure"),
        ("rate + np.load('a.npy', allow_pickle=True)", "np.load"),
        ("np.save('a.npy', rate)", "np.save"),
        ("np.random.normal(rate)", "np.random.normal"),
        ("np.ctypeslib.ctypes.CDLL('libc.so.6')", "np.ctypeslib.ctypes.CDLL"),
        ("np.log.__class__(rate)", "np.log.__class__"),
        ("np.__builtins__.eval('1')", "np.__builtins__.eval"),
        ("eval('1')", "eval"),
        ("__import__('os')", "_"),
        # nested, in brackets, in curly ones, as an argument, by name
        ("center(np.log(np.loadtxt('a')))", "np.loadtxt"),
        ("(1 + np.fromfile('a') | subject)", "np.fromfile"),
        ("(1 | np.fromfile('a'))", "np.fromfile"),
        ("{np.fromfile('a') + 1}", "np.fromfile"),
        ("rate * (age + np.fromfile('a'))", "np.fromfile"),
        ("rate:np.fromfile('a')", "np.fromfile"),
        ("poly(rate, degree=np.fromfile('a'))", "poly"),
        ("np.log(rate)(rate)", "no name"),
        ("(np.fromfile)('a')", "no name"),
        ("np.log[a](rate)", "np.log"),
        # arguments that would write into columns, or take their place
        ("np.log(rate, age)", "np.log: takes 1"),
        ("np.log(rate, out=age)", "out="),
        ("np.maximum(rate, age, rate)", "np.maximum: takes 2"),
        ("center(x=rate)", "x="),
        ("C(rate, Sum)", "C: takes 1"),
        ("offset(rate)", "offset"),
        # what is no arithmetic, no name and no number
        ("`np.fromfile('a')`", "backquotes"),
        ("rate['a']", "brackets behind a column"),
        ("I('a' * 1000000000)", "expected a number"),
        ("'rate'", "as a term"),
        ("lambda x: x", "cannot be read from 'x'"),
        ("[x for x in rate]", ""),
        ("rate if age else rate", "cannot be read from 'if'"),
        ("rate age", "cannot be read from 'age'"),
        ("np.log(rate).tofile('a')", "cannot be read from '.'"),
        # what would never end
        ("I(9 ** 9 ** 9 ** 9)", "power of numbers"),
        ("I(rate ** 99999999)", "at most"),
        ("poly(rate, 100000000)", "at most"),
        ("(a + b + c + d + e + f + g + h + i) ** 9", f"at most {MOST_TERMS}"),
        ("a * b * c * d * e * f * g * h * i * j * k * l * m", f"at most {MOST_TERMS}"),
        ("a ** b", "power of terms"),
    ],
)
def test_what_is_no_formula_is_refused_unread(formula: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*given: object, **options: object) -> None:
        raise AssertionError("evaluated")

    for name in ("load", "save", "loadtxt", "fromfile"):
        monkeypatch.setattr(np, name, called)
    monkeypatch.setattr(np.testing, "measure", called)
    with pytest.raises(FormulaError, match="phi_d ~") as caught:
        read_formula("phi_d", formula)
    assert named in str(caught.value)
    with pytest.raises(ValueError, match="model cmr"):
        kv.get_model("cmr", formula={"phi_d": formula})


def test_a_label_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = "+".join(f"chr({ord(letter)})" for letter in str(marker))
    with pytest.raises(ValueError, match=r"np\.testing\.measure: no function of formulas"):
        kv.get_model(f"cmr(phi_d ~ list + np.testing.measure('open({path}, chr(119))'))")
    assert not marker.exists()


def test_names_of_columns_are_no_formulas() -> None:
    """A term's name is put into the text that is evaluated; the name of a column comes with the data."""
    hostile = "np.fromfile('a')"
    with pytest.raises(FormulaError, match=r"np\.fromfile: no function"):
        evaluate(f"1 + {hostile}", pd.DataFrame({hostile: [1.0, 2.0]}))


def test_no_other_part_of_numpy_is_at_hand() -> None:
    assert sorted(vars(NUMPY)) == sorted(name[3:] for name in FUNCTIONS if name.startswith("np."))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("rate", RATE),
        ("np.log(rate)", np.log(RATE)),
        ("np.log(rate + 1) ", np.log(RATE + 1)),
        ("center(rate)", RATE - RATE.mean()),
        ("scale(rate)", (RATE - RATE.mean()) / RATE.std()),
        ("standardize(rate)", (RATE - RATE.mean()) / RATE.std()),
        ("I(rate ** 2)", RATE**2),
        ("{rate / 2 - 1}", RATE / 2 - 1),
        ("I(rate > 2)", RATE > 2),
        ("scale(np.log(rate))", (np.log(RATE) - np.log(RATE).mean()) / np.log(RATE).std()),
        ("np.maximum(rate, age)", np.maximum(RATE, RATE[::-1] + 0.25)),
        ("np.clip(rate, -1, 3)", np.minimum(RATE, 3)),
        ("np.sqrt(np.abs(-rate))", np.sqrt(RATE)),
    ],
)
def test_listed_functions_mean_what_they_say(term: str, expected: np.ndarray) -> None:
    assert syntax_problems(term) == []
    parameter = next(p for p in kv.get_model("cmr").parameters if p.name == "phi_d")
    columns = Columns(read_formula("phi_d", term), parameter, FRAME)
    np.testing.assert_allclose(columns.matrix[:, 1], expected, rtol=1e-12)


@pytest.mark.parametrize("term", ["poly(rate, 2)", "poly(rate, degree=2, raw=True)", "bs(rate, df=4)", "scale(rate)"])
def test_functions_keep_what_they_learnt(term: str) -> None:
    """Other observations get the columns of the data that the model is bound to."""
    parameter = next(p for p in kv.get_model("cmr").parameters if p.name == "phi_d")
    columns = Columns(read_formula("phi_d", term), parameter, FRAME)
    _, some = columns.at(FRAME.iloc[2:5])
    np.testing.assert_allclose(some, columns.matrix[2:5, 1:] - columns.centre, atol=1e-12)
    if term.startswith("poly(rate, degree"):
        np.testing.assert_allclose(columns.matrix[:, 1:], np.c_[RATE, RATE**2])


def test_columns_of_every_spelling_are_columns() -> None:
    assert read_formula("phi_d", "list.type + list_type2").variables == ("list.type", "list_type2")
    table = study_table(2, 4).assign(**{"list.type": lambda t: np.where(t["list"] % 2, "a", "b")})
    model = kv.get_model("cmr(phi_d ~ list.type)").bind(kv.read_free_recall(table))
    assert [p.name for p in model.parameters if p.name.startswith("phi_d")] == ["phi_d", "phi_d:list.type[b]"]
