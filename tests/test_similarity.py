"""Similarity of the items of each list, read from files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recall_tables import stack
from recognition_tables import study_table as study_rows
from recognition_tables import trial_table

import kvfit as kv
from kvfit.tasks.problems import DataError, DataWarning, Problem

#: Lists of different lengths, and one word in two of them.
LISTS = {("ann", 1): ["PIE", "CAT", "SUN"], ("ann", 2): ["DOG", "PIE"], ("bob", 1): ["SUN", "DOG", "CAT"]}
WORDS = ["CAT", "DOG", "PIE", "SUN"]
MATRIX = np.array([[1, 0.6, 0.1, 0.2], [0.6, 1, 0.3, -0.1], [0.1, 0.3, 1, 0.4], [0.2, -0.1, 0.4, 1]])
VECTORS = np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 2.0], [0.0, 4.0, 1.0], [2.0, 2.0, 2.0]])


@pytest.fixture(scope="module")
def data() -> kv.FreeRecallData:
    tables = []
    for (subject, label), words in LISTS.items():
        rows = [(subject, label, "study", i + 1, word) for i, word in enumerate(words)]
        recalled = words[:0:-1]  # backwards, without the first
        rows += [(subject, label, "recall", i + 1, word) for i, word in enumerate(recalled)]
        tables.append(pd.DataFrame(rows, columns=["subject", "list", "trial_type", "position", "item"]))
    return kv.read_free_recall(stack(*tables), name="words")


def expected(pairs: np.ndarray, words: list[str] = WORDS) -> np.ndarray:
    """The array written out with loops."""
    out = np.zeros((len(LISTS), 3, 3))
    for at, items in enumerate(LISTS.values()):
        for i, a in enumerate(items):
            for j, b in enumerate(items):
                out[at, i, j] = pairs[words.index(a), words.index(b)]
    return out


def cosines(vectors: np.ndarray) -> np.ndarray:
    return np.array([[a @ b / np.sqrt((a @ a) * (b @ b)) for b in vectors] for a in vectors])


def write_matrix(path: Path, values: np.ndarray = MATRIX, words: list[str] = WORDS, sep: str = ",") -> Path:
    pd.DataFrame(values, index=words, columns=words).to_csv(path, sep=sep, decimal="," if sep == ";" else ".")
    return path


def write_vectors(path: Path, values: np.ndarray = VECTORS, words: list[str] = WORDS) -> Path:
    pd.DataFrame(values, index=words, columns=["d1", "d2", "d3"]).rename_axis("item").to_csv(path)
    return path


def problems(path: Path, data: kv.FreeRecallData, **options: object) -> dict[str, Problem]:
    with pytest.raises(DataError) as caught:
        kv.read_similarity(path, data, **options)  # type: ignore[arg-type]
    found = {problem.code: problem for problem in caught.value.problems}
    assert len(found) == len(caught.value.problems)
    assert all(problem.fix and problem.expected for problem in found.values())
    return found


def found(problem: Problem) -> list[str]:
    return [place.found for place in problem.places]


def test_a_matrix_in_the_order_of_the_lists(data: kv.FreeRecallData, tmp_path: Path) -> None:
    assert data.lists["list_length"].tolist() == [3, 2, 3]
    for sep in (",", ";", "\t"):
        read = kv.read_similarity(write_matrix(tmp_path / "m.csv", sep=sep), data)
        np.testing.assert_array_equal(read, expected(MATRIX))
    # another order of the columns than of the rows, and an item that nobody studied
    order = [2, 0, 3, 1]
    table = pd.DataFrame(MATRIX, index=WORDS, columns=WORDS).iloc[:, order]
    table.loc["OWL"], table["OWL"] = 0.9, 0.9
    table.to_csv(tmp_path / "mixed.csv", index_label="word")
    np.testing.assert_array_equal(kv.read_similarity(tmp_path / "mixed.csv", data), expected(MATRIX))


def test_vectors_give_cosines(data: kv.FreeRecallData, tmp_path: Path) -> None:
    read = kv.read_similarity(write_vectors(tmp_path / "v.csv"), data)
    np.testing.assert_allclose(read, expected(cosines(VECTORS)), rtol=1e-12)


@pytest.mark.parametrize("label", ["items", "words"])
def test_archives(data: kv.FreeRecallData, tmp_path: Path, label: str) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **{label: np.array(WORDS), "similarity": MATRIX.astype(np.float32)})
    np.testing.assert_allclose(kv.read_similarity(path, data), expected(MATRIX), atol=1e-7)
    np.savez(path, **{label: np.array(WORDS).astype("S"), "vectors": VECTORS})
    np.testing.assert_allclose(kv.read_similarity(path, data), expected(cosines(VECTORS)), rtol=1e-12)


def test_one_half_of_a_matrix_is_enough(data: kv.FreeRecallData, tmp_path: Path) -> None:
    upper = np.where(np.triu(np.ones((4, 4)), 1) > 0, MATRIX, np.nan)
    read = kv.read_similarity(write_matrix(tmp_path / "half.csv", upper), data)
    np.testing.assert_array_equal(read, expected(np.where(np.eye(4) > 0, 0.0, MATRIX)))


def test_case_and_blanks_are_ignored_on_request(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = write_matrix(tmp_path / "lower.csv", words=["cat", "Dog", "pie ", "SUN"])
    read = kv.read_similarity(path, data, ignore_case=True)
    np.testing.assert_array_equal(read, expected(MATRIX))
    one = problems(path, data)["near_match"]
    assert found(one) == ["'PIE'", "'CAT'", "'DOG'"]
    assert "ignore_case=True" in one.fix


def test_a_selection_gets_its_own_lists(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = write_matrix(tmp_path / "m.csv")
    np.testing.assert_array_equal(
        kv.read_similarity(path, data.select(participants=["bob"])), kv.read_similarity(path, data)[2:]
    )


def test_models_take_it(data: kv.FreeRecallData, tmp_path: Path) -> None:
    similarity = kv.read_similarity(write_matrix(tmp_path / "m.csv"), data)
    model = kv.get_model("kv_recall(semantic=True)")
    values = {p.name: float(p.to_natural(p.location)) for p in model.parameters}
    with_meaning = kv.log_likelihood(model, data, values, similarity=similarity).to_numpy()
    without = kv.log_likelihood(model, data, values, similarity=np.zeros_like(similarity)).to_numpy()
    # after SUN, CAT is recalled (similarity .2), not PIE (.4); after CAT, DOG (.6), not SUN (.2)
    assert with_meaning[0] < without[0]
    assert with_meaning[2] > without[2]
    # one recall: meaning has cued nothing yet
    assert with_meaning[1] == pytest.approx(without[1], rel=1e-12)
    assert kv.simulate(model, data, values, 1, similarity=similarity).n_lists == 3


def test_missing_items_are_all_reported_with_a_list(data: kv.FreeRecallData, tmp_path: Path) -> None:
    one = problems(write_matrix(tmp_path / "m.csv", MATRIX[1:3, 1:3], WORDS[1:3]), data)["unknown_item"]
    assert one.n_places == 2
    assert {(p.participant, p.list, p.found) for p in one.places} == {("ann", 1, "'CAT'"), ("ann", 1, "'SUN'")}
    assert "missing='mean'" in one.fix


def test_zero_vectors_and_empty_cells_are_missing(data: kv.FreeRecallData, tmp_path: Path) -> None:
    values = VECTORS.copy()
    values[1], values[3, 0] = 0.0, np.nan
    one = problems(write_vectors(tmp_path / "v.csv", values), data)["no_direction"]
    assert sorted(found(one)) == ["'DOG'", "'SUN'"]
    values = MATRIX.copy()
    values[0, 3] = values[3, 0] = np.nan
    pair = problems(write_matrix(tmp_path / "m.csv", values), data)["unknown_pair"]
    # CAT and SUN stand in two lists: one pair, named once
    assert pair.n_places == 1
    assert found(pair) == ["'CAT' and 'SUN'"]
    assert (pair.places[0].participant, pair.places[0].list) == ("ann", 1)


def test_missing_pairs_get_the_mean_and_it_is_said(data: kv.FreeRecallData, tmp_path: Path) -> None:
    values = np.full((5, 5), 7.0)  # the fifth item, in no list, does not enter the mean
    values[:4, :4] = MATRIX
    values[0, 3] = values[3, 0] = np.nan
    path = write_matrix(tmp_path / "m.csv", values[1:, 1:], ["DOG", "PIE", "SUN", "OWL"])
    with pytest.warns(DataWarning, match=r"mean similarity, 0\.2") as caught:
        read = kv.read_similarity(path, data, missing="mean")
    assert len(caught) == 1
    assert "'CAT'" in str(caught[0].message)
    mean = (0.3 - 0.1 + 0.4) / 3
    filled = MATRIX.copy()
    filled[0, 1:] = filled[1:, 0] = mean
    filled[0, 0] = 0.0
    np.testing.assert_allclose(read, expected(filled), rtol=1e-12)
    path = write_matrix(tmp_path / "n.csv", values, [*WORDS, "OWL"])
    with pytest.warns(DataWarning, match="'CAT' and 'SUN'"):
        read = kv.read_similarity(path, data, missing="mean")
    assert read[0, 1, 2] == pytest.approx((0.6 + 0.1 + 0.3 - 0.1 + 0.4) / 5)


def test_a_pair_that_no_list_holds_may_be_missing(data: kv.FreeRecallData, tmp_path: Path) -> None:
    values = MATRIX.copy()
    values[2, :] = values[:, 2] = np.nan
    values[2, [1, 0, 3]] = [0.3, 0.1, 0.4]
    only_bob = data.select(participants=["bob"])
    values[0, 2] = values[2, 0] = np.nan
    assert np.isfinite(kv.read_similarity(write_matrix(tmp_path / "m.csv", values), only_bob)).all()


def test_nothing_known_is_no_mean(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = write_matrix(tmp_path / "m.csv", words=["A", "B", "C", "D"])
    assert list(problems(path, data, missing="mean")) == ["unknown_item"]


def test_several_faults_are_one_error(data: kv.FreeRecallData, tmp_path: Path) -> None:
    values = MATRIX.copy()
    values[0, 1] = 0.9
    values[1, 2] = values[2, 1] = np.inf
    values[0, 2] = values[2, 0] = np.nan
    path = write_matrix(tmp_path / "m.csv", values, ["CAT", "DOG", "PIE", "OWL"])
    assert list(problems(path, data)) == ["not_finite", "asymmetric", "unknown_item", "unknown_pair"]
    one = problems(path, data)["asymmetric"]
    assert found(one) == ["'CAT' to 'DOG' 0.9, back 0.6"]
    assert one.places[0].row == 2  # the line below the header
    assert found(problems(path, data)["not_finite"]) == ["'DOG'", "'PIE'"]


def test_rounding_is_no_asymmetry(data: kv.FreeRecallData, tmp_path: Path) -> None:
    values = MATRIX + np.triu(np.full((4, 4), 5e-4), 1)
    read = kv.read_similarity(write_matrix(tmp_path / "m.csv", values), data)
    np.testing.assert_array_equal(read, expected(values))


def test_copies_must_agree(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "v.csv", np.vstack([VECTORS, VECTORS[1]]), [*WORDS, "DOG"])
    np.testing.assert_allclose(kv.read_similarity(path, data), expected(cosines(VECTORS)), rtol=1e-12)
    write_vectors(path, np.vstack([VECTORS, VECTORS[1] + 1]), [*WORDS, "DOG"])
    one = problems(path, data)["conflicting_copies"]
    assert [(p.row, p.found) for p in one.places] == [(6, "'DOG'")]
    archive = tmp_path / "a.npz"
    again = [0, 1, 2, 3, 1]
    np.savez(archive, items=np.array(WORDS)[again], similarity=MATRIX[np.ix_(again, again)])
    np.testing.assert_array_equal(kv.read_similarity(archive, data), expected(MATRIX))


def test_cells_that_are_no_numbers(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "v.csv")
    text = path.read_text(encoding="utf-8").replace("2.0,2.0,2.0", "2.0,two,2.0")
    path.write_text(text, encoding="utf-8")
    one = problems(path, data)["not_a_number"]
    assert [(p.row, p.found) for p in one.places] == [(5, "'two' in column 'd2'")]


def test_rows_without_a_label(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "v.csv", np.vstack([VECTORS, VECTORS[1]]), [*WORDS, ""])
    assert problems(path, data)["missing_label"].places[0].row == 6


def test_wrong_shapes(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = write_matrix(tmp_path / "m.csv")
    table = pd.read_csv(path, index_col=0)
    table.drop(columns="SUN").to_csv(path)
    assert found(problems(path, data)["rows_and_columns_differ"]) == ["1 only in the first column: 'SUN'"]
    table[[]].to_csv(path)
    assert "no_numbers" in problems(path, data)
    table.set_axis(["V1", "V2", "V3", "V4"], axis=1).to_csv(path)
    assert "kind='vectors'" in problems(path, data)["unclear_table"].fix
    np.testing.assert_allclose(kv.read_similarity(path, data, kind="vectors"), expected(cosines(MATRIX)), rtol=1e-12)
    assert "rows_and_columns_differ" in problems(path, data, kind="matrix")
    archive = tmp_path / "a.npz"
    for arrays in (
        {"items": np.array(WORDS), "similarity": MATRIX[:3]},
        {"items": np.array(WORDS), "similarity": MATRIX[:, :3]},
        {"items": np.array(WORDS), "similarity": MATRIX[0]},
        {"items": np.array([WORDS]), "vectors": VECTORS},
        {"items": np.array([], dtype=str), "vectors": np.zeros((0, 3))},
        {"items": np.array(WORDS), "vectors": VECTORS.astype(str)},
    ):
        np.savez(archive, **arrays)  # type: ignore[arg-type]
        assert list(problems(archive, data)) == ["wrong_shape"]


def test_archives_that_cannot_be_used(data: kv.FreeRecallData, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, items=np.array(WORDS), distances=1 - MATRIX)
    one = problems(path, data)["wrong_arrays"]
    assert found(one) == ["items, distances"]
    assert "1 - d" in one.fix
    np.savez(path, items=np.array(WORDS), similarity=MATRIX, vectors=VECTORS)
    assert "kind='matrix'" in problems(path, data)["wrong_arrays"].fix
    np.testing.assert_array_equal(kv.read_similarity(path, data, kind="matrix"), expected(MATRIX))
    np.savez(path, items=np.array(WORDS, dtype=object), similarity=MATRIX)
    assert "astype(str)" in problems(path, data)["broken_archive"].expected
    with path.open("wb") as file:
        np.save(file, MATRIX)
    single = path.read_bytes()
    for content in (b"PK\x03\x04 but not really", b"", b"no archive", single):
        path.write_bytes(content)
        assert list(problems(path, data)) == ["broken_archive"]


def test_wrong_arguments(data: kv.FreeRecallData, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no_such\.csv"):
        kv.read_similarity(tmp_path / "no_such.csv", data)
    path = write_matrix(tmp_path / "m.csv")
    with pytest.raises(ValueError, match="missing='zero': expected one of error, mean"):
        kv.read_similarity(path, data, missing="zero")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kind='table': expected one of matrix, vectors"):
        kv.read_similarity(path, data, kind="table")  # type: ignore[arg-type]


# responses of real people that resemble studied words are told, and right
@pytest.mark.filterwarnings("ignore::kvfit.tasks.problems.DataHint")
@pytest.mark.shared
def test_word_vectors_of_peers(shared: Path) -> None:
    path = shared / "data" / "healey_kahana2014" / "data.csv.gz"
    data = kv.read_free_recall(path).select(participants=3)
    features = shared / "data" / "item_features"
    with pytest.warns(DataWarning, match="vector that is zero"):
        read = kv.read_similarity(features / "peers_glove300.npz", data, missing="mean")
    assert read.shape == (data.n_lists, 16, 16)
    archive = np.load(features / "peers_glove300.npz")
    vectors = dict(zip(archive["words"], archive["vectors"].astype(float), strict=True))
    first = [vectors[word] for word in data.items[0]]
    np.testing.assert_allclose(read[0], cosines(np.array(first)), atol=1e-12)
    with pytest.raises(DataError, match="WELL"):
        kv.read_similarity(features / "peers_glove300.npz", data)
    with pytest.raises(DataError, match="1 - d for cosine distances"):
        kv.read_similarity(features / "morton2013_distances.npz", data)


class TestRecognition:
    """Probes with the studied items of their list."""

    @staticmethod
    def table(**study: object) -> pd.DataFrame:
        probes = trial_table("ann", [6, 5], [1, 2], phase="test").assign(item=["SUN", "CAT", "PIE", "DOG"])
        return stack(study_rows("ann", ["CAT", "SUN"]), probes).assign(**study)

    def read(self, path: Path, table: pd.DataFrame, **options: object) -> np.ndarray:
        data = kv.read_recognition(table, scale="1-6", name="words")
        assert data.trials["item"].tolist() == ["SUN", "CAT", "PIE", "DOG"]
        return kv.read_similarity(path, data, **options)  # type: ignore[arg-type]

    def test_each_probe_with_what_was_studied_but_not_itself(self, tmp_path: Path) -> None:
        of_matrix = self.read(write_matrix(tmp_path / "m.csv"), self.table())
        # rows: SUN, CAT, PIE, DOG; columns: CAT, SUN
        np.testing.assert_array_equal(of_matrix, [[0.2, 0], [0, 0.2], [0.1, 0.4], [0.6, -0.1]])
        of_vectors = self.read(write_vectors(tmp_path / "v.csv"), self.table())
        cosine = cosines(VECTORS)
        np.testing.assert_allclose(of_vectors[2:], cosine[[2, 1]][:, [0, 3]], rtol=1e-12)
        np.testing.assert_allclose(of_vectors[:2], [[cosine[3, 0], 0], [0, cosine[3, 0]]], rtol=1e-12)

    def test_pairs_of_new_items_may_be_unknown(self, tmp_path: Path) -> None:
        values = MATRIX.copy()
        values[1, 2] = values[2, 1] = np.nan  # DOG and PIE, both new
        path = write_matrix(tmp_path / "m.csv", values)
        assert np.isfinite(self.read(path, self.table())).all()
        values[0, 2] = values[2, 0] = np.nan  # CAT was studied
        with pytest.raises(DataError, match="'CAT' and 'PIE'"):
            self.read(write_matrix(path, values), self.table())

    def test_old_items_stand_for_study_rows_if_they_are_all(self, tmp_path: Path) -> None:
        path, probes = write_matrix(tmp_path / "m.csv"), self.table()
        probes = probes[probes["phase"] == "test"]
        whole = self.read(path, probes.assign(list_length=2, study_position=[2, 1, np.nan, np.nan]))
        np.testing.assert_array_equal(whole, self.read(path, self.table()))
        for table in (probes, probes.assign(list_length=3)):
            with pytest.raises(DataError, match="not known which items were studied"):
                self.read(path, table)

    def test_items_must_be_known(self, tmp_path: Path) -> None:
        counts = pd.DataFrame({"subject": 1, "old": [0, 1], "count_1": [2, 1], "count_2": [1, 2]})
        with pytest.raises(DataError, match="items of the trials are not known"):
            kv.read_similarity(write_matrix(tmp_path / "m.csv"), kv.read_recognition(counts, name="counts"))

    @pytest.mark.shared
    def test_vectors_of_the_word_pool(self, shared: Path) -> None:
        path = shared / "data" / "item_features" / "peers_glove300.npz"
        with np.load(path) as archive:
            words = [str(word) for word in archive["words"][:4]]
        table = self.table().assign(item=lambda t: t["item"].map(dict(zip(WORDS, words, strict=True))))
        found = kv.read_similarity(path, kv.read_recognition(table, scale="1-6", name="words"))
        assert found.shape == (4, 2)
        assert (np.abs(found) <= 1).all()
        assert (found[2:] != 0).all()
