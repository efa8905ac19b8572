"""Python and shell read alike: every argument has an option, and messages in the shell name the option.

Cases 10, 12, 13 and 14 of the issue and others of their kinds.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli
from kvfit.cli_advice import FLAGS, SIMILARITY_FLAGS, in_shell, typed

SOURCES = Path(inspect.getfile(kv)).parent

#: Words before an equals sign that are no arguments of a reader: of pandas, of models ("uvsd(by=strength)"), of bins of
#: data that were read, and of a spreadsheet's own line "sep=;".
OTHERS = {"keep_default_na", "by", "criteria_by", "bins", "sep"}

#: What a reader is given beside the arguments that say how to read: the source, and words for reports.
NOT_TYPED = {"source", "path", "data", "name", "description"}


def options_of(*names: str) -> set[str]:
    command: Any = typer.main.get_command(cli.app)
    for name in names:
        command = command.commands[name]
    return {option for one in command.params for option in one.opts}


def said_by(path: Path) -> Iterator[str]:
    """Texts of a file that are no docstrings, the parts of f-strings joined."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(one.body[0].value)
        for one in ast.walk(tree)
        if isinstance(one, (ast.Module, ast.ClassDef, ast.FunctionDef)) and isinstance(one.body[0], ast.Expr)
    }
    for one in ast.walk(tree):
        if isinstance(one, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "X" for part in one.values)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in docs:
            yield one.value


def test_every_argument_of_the_readers_has_an_option() -> None:
    for reader, flags, command in (
        (kv.read_free_recall, FLAGS, ("data", "check")),
        (kv.read_recognition, FLAGS, ("data", "check")),
        (kv.read_similarity, SIMILARITY_FLAGS, ("fit",)),
    ):
        arguments = set(inspect.signature(reader).parameters) - NOT_TYPED
        assert arguments <= set(flags)
        assert {flags[one] for one in arguments} <= options_of(*command)


@pytest.mark.parametrize("command", ["fit", "compare", "simulate", "foresee", "evidence", "recover", "calibrate"])
def test_every_command_that_reads_has_them(command: str) -> None:
    of_readers = {
        one for reader in (kv.read_free_recall, kv.read_recognition) for one in inspect.signature(reader).parameters
    }
    wanted = {FLAGS[one] for one in of_readers - NOT_TYPED} | set(SIMILARITY_FLAGS.values()) - {FLAGS["items"]}
    assert wanted <= options_of(command) | {FLAGS["encoding"], FLAGS["delimiter"]}


def test_every_argument_that_a_message_advises_has_an_option() -> None:
    files = [*(SOURCES / "tasks").glob("*.py"), SOURCES / "recognition" / "layout.py"]
    files += (SOURCES / "recognition" / "evidence").glob("*.py")
    advised = {
        word for path in files for text in said_by(path) for word in re.findall(r"(?<![\w.])([a-z][a-z_]*)=(?!=)", text)
    }
    assert {
        "columns",
        "scale",
        "encoding",
        "empty_participants",
        "ignore_columns",
        "decimal",
        "first_position",
    } <= advised
    assert advised - OTHERS - set(FLAGS) == set()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("pass scale='1-6' if 1 is new", "pass --scale 1-6 if 1 is new"),
        ("scale=['sure new', 'sure old']", '--scale "sure new,sure old"'),
        ("pass scale=, list_length= or x", "pass --scale, --list-length or x"),
        ("columns={'list': ['session', 'list']}", "--column list=session,list"),
        ("columns={'old': 'its name', 'item': 'w'}.", '--column "old=its name" --column item=w.'),
        ("columns={'old': ...}", "--column old=..."),
        ("columns= names columns", "--column names columns"),
        ("pass ignore_case=True", "pass --ignore-case"),
        ("missing_responses='drop' or ordered=False", "--drop-missing or --unordered"),
        ("incomplete_participants='keep'", "--incomplete keep"),
        ("old_values=['intact', 'a b']", '--old-value intact --old-value "a b"'),
        ("ignore_columns=['trial_type']", "--ignore-column trial_type"),
        ("first_position=0, list_length=40", "--first-position 0, --list-length 40"),
        ("participants=[300]", '--query "subject in [300]"'),
        (
            "asks for uvsd(by=strength) and keep_default_na=False",
            "asks for uvsd(by=strength) and keep_default_na=False",
        ),
        ("scale='new/3-1,old/1-3' if 3", "--scale new/3-1,old/1-3 if 3"),
        ("the rescale='x' and a.scale='x'", "the rescale='x' and a.scale='x'"),
        ("old_from='it''s", "--old-from it's"),
        ("columns={'old': 'open", "--column {'old': 'open"),
    ],
)
def test_words_of_python_become_words_of_the_shell(message: str, expected: str) -> None:
    assert in_shell(message) == expected
    assert in_shell(expected) == expected


def test_of_a_file_of_similarities_other_options_are_meant() -> None:
    assert in_shell("encoding='cp1252', missing='mean'", SIMILARITY_FLAGS) == (
        "--similarity-encoding cp1252, --missing-similarity mean"
    )
    assert typed("encoding", "utf-16") == "--encoding utf-16"


def check(path: Path, *options: str) -> tuple[bool, str]:
    """Whether `kvfit data check` reads a file, and what it says."""
    answer = CliRunner().invoke(cli.app, ["data", "check", str(path), *options])
    return answer.exit_code == 0, answer.output + str(answer.exception or "")


RECALLS = "subject,list,trial_type,position,item\n"
TRIALS = "subject,old,response\n"
#: Faulty files: content, an option that is advised and with which the file is read, what is then said.
FAULTS: dict[str, tuple[bytes, str, str]] = {
    # case 13: one participant of two recalled nothing
    "nothing recalled": (
        f"{RECALLS}1,1,study,1,a\n1,1,study,2,b\n2,1,study,1,c\n2,1,study,2,d\n2,1,recall,1,d\n".encode(),
        "--empty-participants keep",
        "2 participants, 2 lists, 1 scored recall",
    ),
    "nothing recalled, left out": (
        f"{RECALLS}1,1,study,1,a\n1,1,study,2,b\n2,1,study,1,c\n2,1,study,2,d\n2,1,recall,1,d\n".encode(),
        "--empty-participants drop",
        "1 participants, 1 lists, 1 scored recall",
    ),
    "an item twice": (
        f"{RECALLS}1,1,study,1,a\n1,1,study,2,a\n1,1,study,3,b\n1,1,recall,1,b\n".encode(),
        "--repeated-items first",
        "1 lists, 1 scored recall",
    ),
    "an item twice, left out": (
        f"{RECALLS}1,1,study,1,a\n1,1,study,2,a\n1,1,recall,1,a\n1,2,study,1,b\n1,2,recall,1,b\n".encode(),
        "--repeated-items drop",
        "1 lists, 1 scored recall",
    ),
    "positions from 0": (
        f"{RECALLS}1,1,study,0,a\n1,1,study,1,b\n1,1,recall,0,b\n".encode(),
        "--first-position 0",
        "1 scored recall",
    ),
    "no byte order mark": (
        f"{RECALLS}1,1,study,1,Käse\n1,1,recall,1,Käse\n".encode("utf-16-le"),
        "--encoding utf-16-le",
        "1 scored recall",
    ),
    "old encoding": (f"{RECALLS}1,1,study,1,Käse\n1,1,recall,1,Käse\n".encode("cp1252"), "--encoding cp1252", "1 scored"),
    # case 10, with more than one plugin
    "trial_type of a plugin": (
        b"subject,old,response,trial_type\n1,1,yes,keyboard\n1,0,no,button\n",
        "--ignore-column trial_type",
        "2 of 2 test trials",
    ),
    "a position on the screen": (
        b"subject,old,response,position\n1,1,yes,left\n1,0,no,right\n",
        "--ignore-column position",
        "2 of 2 test trials",
    ),
    "a doubtful comma": (
        b"subject\told\tresponse\trt\n1\t1\tyes\t1,204\n1\t0\tno\t987\n",
        "--decimal comma",
        "2 of 2 test trials",
    ),
    "study positions from 0": (
        b"subject,old,response,study_position\n1,1,yes,0\n1,1,yes,1\n1,0,no,\n",
        "--first-position 0",
        "study_position: 1, 2",
    ),
    "ratings": (f"{TRIALS}1,1,6\n1,0,1\n".encode(), "--scale 1-6", "100.0 % of old items, 0.0 % of new items"),
    "no response": (f"{TRIALS}1,1,yes\n1,0,no\n1,0,\n".encode(), "--drop-missing", "2 of 3 test trials"),
    "one kind of item": (f"{TRIALS}1,1,yes\n2,1,yes\n2,0,no\n".encode(), "--incomplete drop", "2 of 2 test trials"),
    "other words": (f"{TRIALS}1,intact,yes\n1,other,no\n".encode(), "--old-value intact", "100.0 % of old items"),
    "other names": (b"who,old,response\n1,1,yes\n1,0,no\n", "--column subject=...", ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_advice_of_the_shell_can_be_typed_and_helps(kind: str, tmp_path: Path) -> None:
    content, option, expected = FAULTS[kind]
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    read, said = check(path)
    assert not read, said
    assert re.findall(rf"\b(?:{'|'.join(FLAGS)})=", said) == []
    assert set(re.findall(r"(?<!\S)--[a-z][a-z-]+", said)) <= options_of("data", "check")
    assert option in said
    if expected:
        read, said = check(path, *option.split(" "))
        assert read, said
        assert expected in said


#: Files that the shell reads with the options that Python knows as arguments.
BOTH: dict[str, tuple[str, str, dict[str, Any]]] = {
    "names": ("who,was,said\n1,1,yes\n1,0,no\n", "--column subject=who --column old=was --column response=said",
              {"columns": {"subject": "who", "old": "was", "response": "said"}}),
    "delimiter": ("subject#old#response\n1#1#yes\n1#0#no\n", "--delimiter # --task recognition", {"delimiter": "#"}),
    "case": ("subject,old,response\n1,1,SURE\n1,0,unsure\n", "--scale unsure,sure --ignore-case",
             {"scale": "unsure,sure", "ignore_case": True}),
    "conditions": ("subject,old,response,a,b\n1,1,yes,x,y\n1,0,no,x,y\n", "--condition a", {"conditions": ["a"]}),
    "length": (TRIALS + "1,1,yes\n1,0,no\n", "--list-length 12", {"list_length": 12}),
    "unordered": (TRIALS + "1,1,b\n1,0,a\n", "--scale a,b --unordered --old-from b",
                  {"scale": "a,b", "ordered": False, "old_from": "b"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", BOTH)
def test_both_read_the_same(kind: str, tmp_path: Path) -> None:
    from kvfit.cli_options import Reading
    from kvfit.cli_reading import read_file

    content, options, arguments = BOTH[kind]
    path = tmp_path / "mine.csv"
    path.write_text(content, encoding="utf-8")
    read, said = check(path, *options.split(" "))
    assert read, said
    expected = kv.read_recognition(path, **arguments)
    given = dict.fromkeys([])
    words = options.split(" ")
    fields = {"--column": "column", "--condition": "condition", "--delimiter": "delimiter", "--task": "task"}
    fields |= {"--scale": "scale", "--ignore-case": "ignore_case", "--list-length": "list_length"}
    fields |= {"--unordered": "unordered", "--old-from": "old_from"}
    for at, word in enumerate(words):
        if word in ("--column", "--condition"):
            given.setdefault(fields[word], []).append(words[at + 1])  # type: ignore[arg-type,union-attr]
        elif word in ("--ignore-case", "--unordered"):
            given[fields[word]] = True  # type: ignore[assignment]
        elif word.startswith("--"):
            given[fields[word]] = int(words[at + 1]) if word == "--list-length" else words[at + 1]  # type: ignore[assignment]
    data = read_file(path, Reading(**given))  # type: ignore[arg-type]
    assert data.fingerprint == expected.fingerprint
    assert data.describe() == expected.describe()  # type: ignore[union-attr]


def test_options_of_the_other_task_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(TRIALS + "1,1,yes\n1,0,no\n", encoding="utf-8")
    read, said = check(path, "--repeated-items", "drop", "--empty-participants", "keep")
    assert not read
    assert "--repeated-items, --empty-participants: for free recall alone" in said
    assert "--task free_recall" in said


class TestSimilarity:
    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[Path, Path]:
        recalls = tmp_path / "recalls.csv"
        rows = "1,1,study,1,a\n1,1,study,2,b\n1,1,study,3,c\n1,1,recall,1,b\n"
        recalls.write_text(RECALLS + rows, encoding="utf-8")
        return recalls, tmp_path / "similar.csv"

    def fit(self, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[Any, str]:
        seen: dict[str, Any] = {}

        def stop(*_: Any, **given: Any) -> None:
            seen.update(given)
            raise ValueError("far enough")

        monkeypatch.setattr(kv, "fit", stop)
        told = ["fit", "kv_recall(semantic=True)", "-d", str(files[0]), "--similarity", str(files[1]), *options]
        answer = CliRunner().invoke(cli.app, told)
        return seen.get("similarity"), str(answer.exception)

    def test_is_read_as_in_python(self, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
        files[1].write_text("item#A#B#C\nA#1#.2#.3\nB#.2#1#.4\nC#.3#.4#1\n", encoding="utf-16-le")
        found, said = self.fit(files, monkeypatch)
        assert found is None
        assert "--similarity-encoding utf-16-le" in said
        told = ["--similarity-encoding", "utf-16-le", "--similarity-delimiter", "#"]
        found, said = self.fit(files, monkeypatch, *told)
        assert "pass --ignore-case" in said
        found, said = self.fit(files, monkeypatch, *told, "--ignore-case", "--similarity-kind", "matrix")
        assert said == "far enough"
        assert found[0].tolist() == [[1, 0.2, 0.3], [0.2, 1, 0.4], [0.3, 0.4, 1]]

    def test_its_options_need_it(self, files: tuple[Path, Path]) -> None:
        told = ["fit", "kv_recall", "-d", str(files[0]), "--similarity-kind", "matrix"]
        assert "--similarity-kind: no effect" in str(CliRunner().invoke(cli.app, told).exception)
