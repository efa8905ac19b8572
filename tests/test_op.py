"""The PyTensor Op: its gradient is exact for every cotangent, and it compiles to the value alone where that is enough."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from core_cases import CONFIGS, Case, random_case
from pytensor.compile.mode import Mode
from pytensor.gradient import DisconnectedInputError
from pytensor.graph.op import Op

from kvfit.kernels import match_cue, match_cue_op
from kvfit.kernels import ops as of_ops
from kvfit.kernels.match_cue import log_likelihood, log_likelihood_and_gradient
from kvfit.kernels.match_cue_op import MatchCue, MatchCueGradient, MatchCueValue, match_cue_log_likelihood

PYTHON = Mode(linker="py", optimizer=None)
CONFIG = CONFIGS["drift, match stop, floor"]
Cost = Callable[[Any], Any]


@pytest.fixture
def case() -> Case:
    return random_case(CONFIG, [5, 4, 2], np.random.default_rng(30))


def symbolic_tables(case: Case) -> list[Any]:
    return [pt.tensor(name, shape=(None,) * t.ndim) for name, t in zip("abcd", case.tables, strict=True)]


def log_likelihoods(case: Case, tables: list[Any]) -> Any:
    return match_cue_log_likelihood(case.config, tuple(tables), tuple(map(pt.constant, case.data)))


def ops(function: Any) -> list[type]:
    return [type(node.op) for node in function.maker.fgraph.toposort()]


def weights(case: Case) -> np.ndarray:
    return np.random.default_rng(31).uniform(-1.0, 2.0, case.data[3].size - 1)


COSTS: dict[str, Cost] = {
    "sum": lambda ll: ll.sum(),
    "scaled sum": lambda ll: -2.5 * ll.sum(),
    "function of the sum": lambda ll: pt.tanh(ll.mean() / 20.0),
    "weighted": lambda ll: (pt.constant(np.linspace(-1.0, 2.0, 15)) * ll).sum(),
    "per-list function": lambda ll: pt.exp(ll / 10.0).sum(),
    "one list": lambda ll: ll[3],
    "first lists": lambda ll: ll[:7].sum(),
}


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS.keys())
def test_pullback_equals_central_differences(case: Case, cost: Cost) -> None:
    tables = symbolic_tables(case)
    total = cost(log_likelihoods(case, tables))
    value = pytensor.function(tables, total, mode=PYTHON)
    gradient = pytensor.function(tables, pt.grad(total, tables), mode=PYTHON)(*case.tables)
    rng = np.random.default_rng(32)
    for index, found in enumerate(gradient):
        for _ in range(5):
            direction = rng.normal(size=found.shape)
            moved = [list(case.tables), list(case.tables)]
            for tables_moved, step in zip(moved, (1e-5, -1e-5), strict=True):
                tables_moved[index] = case.tables[index] + step * direction
            above, below = (float(value(*tables_moved)) for tables_moved in moved)
            expected = (above - below) / 2e-5
            assert (found * direction).sum() == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_one_cotangent_for_all_lists_costs_one_pass(case: Case) -> None:
    tables = symbolic_tables(case)
    for cost, n_weighted in ((COSTS["sum"], 0), (COSTS["weighted"], 1)):
        total = cost(log_likelihoods(case, tables))
        function = pytensor.function(tables, [total, *pt.grad(total, tables)], mode="FAST_RUN")
        used = ops(function)
        assert used.count(MatchCueGradient) == n_weighted
        assert used.count(MatchCueValue) + used.count(MatchCue) == 1
        # a weighted gradient makes its own pass, and the value then needs no gradient
        assert (MatchCue in used) == (n_weighted == 0)


def test_cotangents_are_reused_only_when_they_are_one_number() -> None:
    ll, several, single, number = pt.vector(), pt.vector(), pt.vector(shape=(1,)), pt.scalar()
    common = match_cue_op._common_scalar
    assert common(pt.second(ll, several)) is None
    assert common(several) is None
    assert common(pt.alloc(several, 3)) is None
    assert common(pt.exp(several)) is None
    for cotangent in (pt.second(ll, number), pt.alloc(number, 3)):
        assert common(cotangent) is number or common(cotangent).eval({number: 2.5}) == 2.5
    for cotangent in (pt.second(ll, single), pt.alloc(single, 3)):
        assert common(cotangent).eval({single: [2.5]}) == 2.5


def test_value_alone_is_rewritten_to_the_cheaper_op(case: Case) -> None:
    tables = symbolic_tables(case)
    ll = log_likelihoods(case, tables)
    assert MatchCue in ops(pytensor.function(tables, ll, mode=PYTHON))
    function = pytensor.function(tables, ll, mode="FAST_RUN")
    assert MatchCueValue in ops(function)
    assert MatchCue not in ops(function)
    np.testing.assert_array_equal(function(*case.tables), log_likelihood(case.config, case.tables, case.data))


@pytest.mark.parametrize("cost", [COSTS["sum"], COSTS["weighted"]], ids=["sum", "weighted"])
def test_numba_equals_python(case: Case, cost: Cost) -> None:
    tables = symbolic_tables(case)
    total = cost(log_likelihoods(case, tables))
    outputs = [total, *pt.grad(total, tables)]
    expected = pytensor.function(tables, outputs, mode=PYTHON)(*case.tables)
    function = pytensor.function(tables, outputs, mode="NUMBA")
    for found, wanted in zip(function(*case.tables), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)


def test_numba_takes_tables_that_are_not_contiguous(case: Case) -> None:
    tables = symbolic_tables(case)
    swapped = [t.swapaxes(0, -1) for t in tables]
    function = pytensor.function(tables, log_likelihoods(case, swapped), mode="NUMBA")
    found = function(*(np.ascontiguousarray(t.swapaxes(0, -1)) for t in case.tables))
    np.testing.assert_allclose(found, case.literal(), rtol=1e-13)


def test_data_have_no_gradient(case: Case) -> None:
    tables = symbolic_tables(case)
    data = [pt.constant(array) for array in case.data]
    similarity = pt.tensor3("similarity")
    ll = match_cue_log_likelihood(case.config, tuple(tables), (*data[:4], similarity))
    with pytest.raises(DisconnectedInputError):
        pt.grad(ll.sum(), similarity)


def test_ops_with_one_configuration_are_equal() -> None:
    assert MatchCue(CONFIG) == MatchCue(CONFIG)
    assert hash(MatchCue(CONFIG)) == hash(MatchCue(CONFIG))
    assert MatchCue(CONFIG) != MatchCue(replace(CONFIG, width=16))
    assert MatchCue(CONFIG) != MatchCueGradient(CONFIG)


def test_cache_key_covers_configuration_op_and_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def key(op: Op) -> str:
        return of_ops.cache_key(op, match_cue)

    kept = key(MatchCue(CONFIG))
    assert key(MatchCue(CONFIG)) == kept
    others = [
        *(key(MatchCue(config)) for config in CONFIGS.values() if config != CONFIG),
        key(MatchCueValue(CONFIG)),
        key(MatchCueGradient(CONFIG)),
    ]
    for module in (match_cue, match_cue_op):
        with monkeypatch.context() as patched:
            changed = str(module.__file__)
            source = of_ops._source
            patched.setattr(of_ops, "_source", lambda path, c=changed, s=source: b"other" if path == c else s(path))
            others.append(key(MatchCue(CONFIG)))
    assert len({kept, *others}) == len(others) + 1


@pytest.mark.parametrize("index", range(4))
def test_tables_of_wrong_shape_are_refused_not_read_out_of_bounds(case: Case, index: int) -> None:
    name = ("initial", "cue", "scalars", "stop")[index]
    tables = list(case.tables)
    tables[index] = np.ascontiguousarray(tables[index][..., :1])
    for evaluate in (log_likelihood, log_likelihood_and_gradient):
        with pytest.raises(ValueError, match=f"{name}: expected shape"):
            evaluate(case.config, tuple(tables), case.data)
    symbols = symbolic_tables(case)
    function = pytensor.function(symbols, log_likelihoods(case, symbols), mode="NUMBA")
    with pytest.raises(ValueError, match="wrong shapes"):
        function(*tables)
    np.testing.assert_allclose(function(*case.tables), case.literal(), rtol=1e-13)
