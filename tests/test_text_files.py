"""Text files as programs write them: encodings, separators, lines above the header, names of rows, quotation marks.

Cases 11, 12, 16 and 18 of the issue and others of their kinds; every number is counted in the text that stands here.
"""

from pathlib import Path

import numpy as np
import pytest

from kvfit.tasks.problems import Problem, ProblemLog
from kvfit.tasks.text_layout import delimiter_named
from kvfit.tasks.text_tables import TextTable, read_text_table

#: Two rows of three columns, on lines 2 and 3.
PLAIN = "subject,old,response\n1,1,yes\n2,0,no\n"


def opened(path: Path, content: str | bytes, **options: object) -> tuple[TextTable | None, list[Problem]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    log = ProblemLog()
    return read_text_table(path, log, **options), log.problems  # type: ignore[arg-type]


def rows(path: Path, content: str | bytes, **options: object) -> list[list[str]]:
    """Cells of a file without problems, the header first."""
    table, problems = opened(path, content, **options)
    assert table is not None, problems
    assert not problems, problems
    return [list(table.cells.columns), *table.cells.to_numpy().tolist()]


EXPECTED = [["subject", "old", "response"], ["1", "1", "yes"], ["2", "0", "no"]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.txt"


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_a_byte_order_mark_says_which(self, path: Path, encoding: str) -> None:
        content = PLAIN.replace("yes", "Käse").encode(encoding)
        assert rows(path, content)[1] == ["1", "1", "Käse"]

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "cp1252"])
    def test_without_one_the_message_names_the_encoding_that_reads_it(self, path: Path, encoding: str) -> None:
        content = PLAIN.replace("yes", "Käse").encode(encoding)
        table, (problem,) = opened(path, content)
        assert table is None
        assert f"encoding='{encoding}'" in problem.fix
        assert rows(path, content, encoding=encoding)[1] == ["1", "1", "Käse"]

    def test_single_zero_bytes_are_no_encoding(self, path: Path) -> None:
        table, (problem,) = opened(path, PLAIN.replace("no", "n\0o"))
        assert table is None
        assert (problem.code, problem.places[0].row) == ("zero_bytes", 3)
        assert "encoding" not in problem.fix


class TestSeparators:
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|", " "])
    def test_is_found(self, path: Path, mark: str) -> None:
        assert rows(path, PLAIN.replace(",", mark)) == EXPECTED

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|", "#"])
    @pytest.mark.parametrize("quote", ["", '"'])
    def test_a_spreadsheet_says_it_in_a_line_of_its_own(self, path: Path, mark: str, quote: str) -> None:
        table, problems = opened(path, f"{quote}sep={mark}{quote}\r\n" + PLAIN.replace(",", mark))
        assert problems == []
        assert table is not None
        assert table.cells.to_numpy().tolist() == EXPECTED[1:]
        assert table.lines.tolist() == [3, 4]

    def test_can_be_told(self, path: Path) -> None:
        assert rows(path, PLAIN.replace(",", "#"), delimiter="#") == EXPECTED
        assert rows(path, PLAIN.replace(",", "\t"), delimiter="tab") == EXPECTED
        assert (delimiter_named("\\t"), delimiter_named("blank"), delimiter_named(";")) == ("\t", " ", ";")
        with pytest.raises(ValueError, match="expected one character"):
            delimiter_named("tabs")

    def test_blanks_in_words_separate_nothing_where_another_mark_does(self, path: Path) -> None:
        text = "a b,c d\nx y,1\nz,2\n"
        assert rows(path, text) == [["a b", "c d"], ["x y", "1"], ["z", "2"]]


class TestNamesOfRows:
    def test_of_write_table(self, path: Path) -> None:
        text = '"subject" "old" "word"\n"1" 1 1 "ice cream"\n"2" 1 0 "a ""b"""\n"10" 2 1 "x"\n'
        assert rows(path, text)[1:] == [["1", "1", "ice cream"], ["1", "0", 'a "b"'], ["2", "1", "x"]]

    @pytest.mark.parametrize("header", ["subject,old,response", ",subject,old,response"])
    def test_of_other_separators(self, path: Path, header: str) -> None:
        assert rows(path, f"{header}\nr1,1,1,yes\nr2,2,0,no\n") == EXPECTED

    def test_a_mark_at_the_end_of_each_line_is_no_name(self, path: Path) -> None:
        assert rows(path, "subject,old,response\n1,1,yes,\n2,0,no,\n") == EXPECTED

    def test_names_occur_once_or_a_column_has_no_name(self, path: Path) -> None:
        table, (problem,) = opened(path, "subject,old\n1,1,yes\n1,0,no\n")
        assert table is None
        assert problem.code == "unparsable"
        assert [(place.row, place.found) for place in problem.places] == [(2, "3 cells"), (3, "3 cells")]

    def test_a_row_that_is_too_short_makes_the_others_too_long(self, path: Path) -> None:
        table, (problem,) = opened(path, "subject,old\n1,1,yes\n2,0\n")
        assert table is None
        assert [place.row for place in problem.places] == [2]

    def test_they_label_the_rows_of_a_matrix(self, path: Path) -> None:
        assert rows(path, '"a" "b"\n"a" 1 .5\n"b" .5 1\n', row_labels=True)[1:] == [["a", "1", ".5"], ["b", ".5", "1"]]

    def test_and_all_cells_may_be_words(self, path: Path) -> None:
        text = '"subject" "old" "response"\n"a" "s1" "old" "old"\n"b" "s1" "new" "new"\n'
        assert rows(path, text)[1:] == [["s1", "old", "old"], ["s1", "new", "new"]]


class TestShortRows:
    def test_a_few_are_told(self, path: Path) -> None:
        table, (problem,) = opened(path, PLAIN + "3,1\n")
        assert table is not None
        assert table.cells.to_numpy().tolist()[-1] == ["3", "1", ""]
        assert (problem.code, problem.severity) == ("short_row", "warning")
        assert [(place.row, place.found) for place in problem.places] == [(4, "2 cells")]

    def test_with_quotation_marks_too(self, path: Path) -> None:
        _, (problem,) = opened(path, PLAIN.replace("yes", '"yes, sure"') + "3,1\n")
        assert [place.row for place in problem.places] == [4]


class TestLinesAboveTheHeader:
    @pytest.mark.parametrize(
        "above",
        [
            "C:\\Users\\Smith, J\\old; new\\experiment.edat2\n",
            "Recognition, second session\n\nexported yesterday\n",
            "# made by hand\n# subject,old\n",
        ],
    )
    @pytest.mark.parametrize("mark", [",", ";", "\t"])
    def test_are_left_out_aloud(self, path: Path, above: str, mark: str) -> None:
        table, (problem,) = opened(path, above + PLAIN.replace(",", mark))
        assert table is not None
        assert list(table.cells.columns) == EXPECTED[0]
        assert table.cells.to_numpy().tolist() == EXPECTED[1:]
        n_above = above.count("\n")
        assert table.lines.tolist() == [n_above + 2, n_above + 3]
        assert (problem.code, problem.severity) == ("lines_above_header", "warning")
        written = [at for at, line in enumerate(above.splitlines(), start=1) if line]
        assert [place.row for place in problem.places] == written
        assert problem.places[0].found == repr(above.splitlines()[0])

    def test_of_a_spreadsheet_are_filled_up_with_empty_cells(self, path: Path) -> None:
        table, (problem,) = opened(path, "My results,,\n" + PLAIN)
        assert table is not None
        assert list(table.cells.columns) == EXPECTED[0]
        assert [place.row for place in problem.places] == [1]

    def test_a_header_may_be_longer_than_most_lines(self, path: Path) -> None:
        text = "subject,list,recall_1,recall_2,recall_3\n1,1,3\n1,2,4\n1,3,2,1,3\n"
        assert rows(path, text)[1:] == [["1", "1", "3", "", ""], ["1", "2", "4", "", ""], ["1", "3", "2", "1", "3"]]

    def test_one_column_is_a_table_too(self, path: Path) -> None:
        assert rows(path, "word\napple\ntree house\n") == [["word"], ["apple"], ["tree house"]]


class TestQuotationMarks:
    #: Case 11: marks that a participant typed, in lines 3 and 6 of 9.
    OPEN = (
        'subject,item,old,response\n1,apple,0,new\n1,"candle,1,old\n1,engine,0,new\n1,hammer,1,old\n'
        '1,needle",0,new\n1,pencil,1,old\n1,rabbit,0,new\n1,tunnel,1,old\n'
    )

    def test_that_swallow_rows_are_named_with_their_lines(self, path: Path) -> None:
        table, (problem,) = opened(path, self.OPEN)
        assert table is None
        assert (problem.code, problem.severity, problem.places[0].row) == ("open_quote", "error", 3)
        assert "from line 3 to line 6" in problem.places[0].found

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_in_neighbouring_lines_below_a_line_that_was_left_out(self, path: Path, end: str) -> None:
        text = 'a title\n\nsubject,item,old,response\n1,"candle,1,old\n1,needle",0,new\n1,pencil,1,old\n'
        _, problems = opened(path, text.replace("\n", end))
        (problem,) = [one for one in problems if one.severity == "error"]
        assert "from line 4 to line 5" in problem.places[0].found

    def test_twice_in_a_file(self, path: Path) -> None:
        _, (problem,) = opened(path, self.OPEN + self.OPEN.split("\n", 1)[1])
        assert [place.row for place in problem.places] == [3, 11]

    def test_never_closed(self, path: Path) -> None:
        _, (problem,) = opened(path, 'subject,item,old\n1,apple,0\n1,"candle,1\n1,engine,0\n')
        assert problem.code in ("unparsable", "open_quote")
        assert problem.places[0].row == 3

    def test_cells_may_hold_marks_separators_and_line_breaks(self, path: Path) -> None:
        text = 'subject,item,old\n1,"an ""odd"" one, yes",0\n1,"two\nlines",1\n1,last,0\n'
        table, problems = opened(path, text)
        assert problems == []
        assert table is not None
        assert table.cells["item"].tolist() == ['an "odd" one, yes', "two\nlines", "last"]
        # The row after the broken line stands on line 5 of the file.
        assert table.lines.tolist() == [2, 3, 5]

    def test_written_twice_they_belong_to_the_cell(self, path: Path) -> None:
        fixed = self.OPEN.replace('"candle', '"""candle"').replace('needle"', '"needle"""')
        table, problems = opened(path, fixed)
        assert problems == []
        assert table is not None
        assert table.lines.tolist() == list(range(2, 10))
        assert table.cells["item"].tolist()[1] == '"candle'


class TestColumnsWithoutName:
    def test_that_hold_something_are_left_out_aloud(self, path: Path) -> None:
        table, (problem,) = opened(path, "subject,old,,response,\n1,1,7,yes,\n2,0,,no,\n")
        assert table is not None
        assert list(table.cells.columns) == EXPECTED[0]
        assert (problem.code, problem.severity) == ("unnamed_column", "warning")
        assert [place.found for place in problem.places] == ["column 3 of 5"]

    def test_empty_ones_are_nothing(self, path: Path) -> None:
        assert rows(path, "subject,old,response,,\n1,1,yes,,\n2,0,no,,\n,,,,\n") == EXPECTED


def test_lines_count_empty_ones(path: Path) -> None:
    table, _ = opened(path, "\n\nsubject,old\n1,1\n\n,\n2,0\n\n")
    assert table is not None
    np.testing.assert_array_equal(table.lines, [4, 7])
