"""Compiled tables of retrieved-context models: their adjoints, and what the network of contexts itself says."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from kvfit.kernels.context import INPUTS
from kvfit.kernels.context_op import ContextTables
from kvfit.recall.context import ContextModel, context_tables

CELLS, N = 3, 6
LENGTHS = np.array([6, 4, 1])


@pytest.fixture
def inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    rates = [rng.uniform(0.2, 0.9, CELLS) for _ in range(3)]
    return [*rates, *(rng.uniform(0.1, 2.0, CELLS) for _ in INPUTS[3:]), rng.uniform(0.2, 2.0, (CELLS, N))]


@pytest.mark.parametrize("mode", ["NUMBA", pytest.param("FAST_COMPILE", marks=pytest.mark.bounds)])
def test_adjoints_equal_differences(inputs: list[np.ndarray], mode: str) -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(CELLS, 2, N)), rng.normal(size=(CELLS, N, 2, N))
    variables = [pt.tensor(dtype="float64", shape=x.shape) for x in inputs]
    total = sum((w * table).sum() for w, table in zip(weights, ContextTables()(*variables, LENGTHS), strict=True))
    run = pytensor.function(variables, [total, *pytensor.grad(total, variables)], mode=mode)
    _, *gradients = run(*inputs)
    for at, gradient in enumerate(gradients):
        for index in np.ndindex(inputs[at].shape):
            moved = []
            for step in (1e-6, -1e-6):
                changed = [x.copy() for x in inputs]
                changed[at][index] += step
                moved.append(run(*changed)[0])
            assert gradient[index] == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=2e-6, abs=1e-7), INPUTS[
                at : at + 1
            ]


def test_one_table_alone_has_a_gradient(inputs: list[np.ndarray]) -> None:
    variables = [pt.tensor(dtype="float64", shape=x.shape) for x in inputs]
    for table in ContextTables()(*variables, LENGTHS):
        gradients = pytensor.function(variables, pytensor.grad(table.sum(), variables), mode="FAST_COMPILE")(*inputs)
        assert all(np.isfinite(g).all() for g in gradients)


@pytest.mark.bounds
@pytest.mark.parametrize("uniform", [False, True])
def test_tables_are_those_of_explicit_contexts(inputs: list[np.ndarray], uniform: bool) -> None:
    """Vectors of context over item units, studied one by one, in cells of different list lengths."""
    parts = dict(zip((*INPUTS, "learning"), inputs, strict=True))
    if not uniform:
        parts["a_cf"] = np.zeros(CELLS)
    closed = context_tables(ContextModel(**parts), LENGTHS, N, np)
    explicit = context_tables(ContextModel(**parts, a_fc=np.zeros(CELLS)), LENGTHS, N, np)
    for c, n in enumerate(LENGTHS):
        np.testing.assert_allclose(closed[0][c, :, :n], explicit[0][c, :, :n], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(closed[1][c, :n, :, :n], explicit[1][c, :n, :, :n], rtol=1e-12, atol=1e-14)


def test_complete_replacement_of_context_has_a_finite_gradient(inputs: list[np.ndarray]) -> None:
    inputs[0][:] = 1.0
    variables = [pt.tensor(dtype="float64", shape=x.shape) for x in inputs]
    total = sum(table.sum() for table in ContextTables()(*variables, LENGTHS))
    gradients = pytensor.function(variables, pytensor.grad(total, variables), mode="FAST_COMPILE")(*inputs)
    assert all(np.isfinite(g).all() for g in gradients)
