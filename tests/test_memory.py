"""The key-value engine: primal and dual form, write rules, batches, blocks, kernels and scaffolds."""

import numpy as np
import pytest
from scipy.special import softmax

from kvfit.memory import (
    Decay,
    Delta,
    DistanceGradient,
    Dot,
    Erase,
    HardLocations,
    Hebb,
    Identity,
    KeyValueMemory,
    NegativeDistance,
    Normalise,
    Polynomial,
    PositiveElu,
    Power,
    RectifiedPolynomial,
    Separation,
    Slots,
    Softmax,
    SoftThreshold,
    Threshold,
    Top,
    WriteRule,
    attractor,
    empty_linear,
    laplace,
    named,
    random_features,
    rbf,
    scaled_dot,
)  # fmt: skip
from kvfit.memory.features import FeatureKernel
from kvfit.memory.modular import ModularScaffold, hang
from kvfit.memory.scaffold import LinearMaps, RandomExpansion, decorrelated, drifting_keys, random_keys, sparse_keys

N, D, V = 7, 4, 3
RNG = np.random.default_rng(5)
KEYS, VALUES = RNG.standard_normal((2, N, D)), RNG.standard_normal((2, N, V))
QUERIES = RNG.standard_normal((2, 5, D))
STRENGTHS = RNG.integers(1, 4, (2, N)).astype(float)
SEPARATIONS: tuple[Separation, ...] = (
    Identity(), Normalise(), Softmax(2.0), Power(3.0), RectifiedPolynomial(2), Threshold(0.1), SoftThreshold(0.2, 3.0),
)  # fmt: skip
FEATURE_KERNELS: tuple[FeatureKernel, ...] = (
    Dot(), scaled_dot(D), Polynomial(3, 0.5), PositiveElu(), random_features(6, D, np.random.default_rng(0), 0.3),
    HardLocations(np.random.default_rng(1).integers(0, 2, (9, D)), 2),
)  # fmt: skip


@pytest.mark.parametrize("kernel", FEATURE_KERNELS, ids=lambda k: type(k).__name__)
@pytest.mark.parametrize("rule", [Hebb(), Decay(0.3), Delta(0.2)], ids=lambda r: type(r).__name__)
def test_primal_and_dual_agree(kernel: FeatureKernel, rule: Hebb | Decay | Delta) -> None:
    keys, queries = (KEYS, QUERIES) if not isinstance(kernel, HardLocations) else (KEYS > 0, QUERIES > 0)
    dual = KeyValueMemory(kernel, Identity(), rule).store(keys[:, :4], VALUES[:, :4]).store(keys[:, 4:], VALUES[:, 4:])
    literal = empty_linear(kernel, D, V).store(keys, VALUES, rule)
    expected = literal.read(queries)
    scale = np.abs(expected).max()
    assert scale > 0.01
    np.testing.assert_allclose(dual.read(queries), expected, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(dual.primal().read(queries), expected, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("rule", [Hebb(), Decay(0.3)], ids=lambda r: type(r).__name__)
def test_normalised_reads_have_a_primal_form(rule: Hebb | Decay) -> None:
    dual = KeyValueMemory(PositiveElu(), Normalise(), rule).store(KEYS, VALUES)
    literal = empty_linear(PositiveElu(), D, V, normalised=True).store(KEYS, VALUES, rule)
    np.testing.assert_allclose(dual.read(QUERIES), literal.read(QUERIES), rtol=0, atol=1e-12)
    np.testing.assert_allclose(dual.primal().read(QUERIES), literal.read(QUERIES), rtol=0, atol=1e-12)
    np.testing.assert_allclose(dual.attention(QUERIES).sum(axis=-1), 1.0)


@pytest.mark.parametrize("separation", SEPARATIONS, ids=lambda s: type(s).__name__)
def test_strength_counts_copies(separation: Separation) -> None:
    memory = KeyValueMemory(DistanceGradient(0.7), separation)
    copies = np.repeat(np.arange(N), STRENGTHS[0].astype(int))
    twice = memory.store(KEYS[0][copies], VALUES[0][copies])
    np.testing.assert_allclose(memory.store(KEYS[0], VALUES[0], STRENGTHS[0]).read(QUERIES[0]), twice.read(QUERIES[0]))


@pytest.mark.parametrize("separation", [*SEPARATIONS, Top(2)], ids=lambda s: type(s).__name__)
def test_reads_are_sums_of_weighted_values_in_batches_and_blocks(separation: Separation) -> None:
    stored = KeyValueMemory(Dot(), separation).store(KEYS, VALUES, STRENGTHS)
    expected = stored.attention(QUERIES) @ VALUES
    np.testing.assert_allclose(stored.read(QUERIES), expected, atol=1e-12)
    np.testing.assert_allclose(stored.read(QUERIES, block_bytes=1), expected, atol=1e-12)
    one = KeyValueMemory(Dot(), separation).store(KEYS[1], VALUES[1], STRENGTHS[1])
    np.testing.assert_allclose(one.read(QUERIES[1, 3]), expected[1, 3], atol=1e-12)
    # queries with a leading dimension that the traces lack
    np.testing.assert_allclose(one.read(QUERIES)[1], expected[1], atol=1e-12)


def test_softmax_of_large_matches() -> None:
    match = np.array([[1e4, 1e4 - 1.0, -1e4]])
    np.testing.assert_allclose(Softmax()(match), softmax(match, axis=-1))
    assert match[0, 0] == 1e4


def test_delta_overwrites_and_hebb_adds() -> None:
    keys, values = np.eye(D)[[0, 1, 0]], VALUES[0, :3]
    overwritten = KeyValueMemory(write=Delta()).store(keys, values)
    np.testing.assert_allclose(overwritten.read(np.eye(D)[:2]), values[[2, 1]], atol=1e-12)
    added = KeyValueMemory().store(keys, values)
    np.testing.assert_allclose(added.read(np.eye(D)[:2]), [values[0] + values[2], values[1]], atol=1e-12)


def test_erasure_takes_attended_traces() -> None:
    keys = np.eye(2)[[0, 1, 0]]
    stored = KeyValueMemory(Dot(50.0), Softmax(), Erase(0.75)).store(keys, VALUES[0, :3])
    np.testing.assert_allclose(stored.traces.strengths, [0.25, 1.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(stored.read(keys[0]), 0.2 * VALUES[0, 0] + 0.8 * VALUES[0, 2], atol=1e-12)


@pytest.mark.parametrize("rule", [Decay(0.2), Erase(0.6), Slots(3, 0.8)], ids=lambda r: type(r).__name__)
def test_batches_and_later_writes_are_as_if_alone(rule: WriteRule) -> None:
    memory = KeyValueMemory(DistanceGradient(0.7), Normalise(), rule)
    together = memory.store(KEYS[:, :3], VALUES[:, :3]).store(KEYS[:, 3:], VALUES[:, 3:])
    alone = memory.store(KEYS[1], VALUES[1])
    np.testing.assert_allclose(together.read(QUERIES)[1], alone.read(QUERIES[1]), atol=1e-12)
    hebb = KeyValueMemory(DistanceGradient(0.7), Normalise()).store(KEYS[1], VALUES[1])
    assert np.abs(alone.read(QUERIES[1]) - hebb.read(QUERIES[1])).max() > 0.01


def test_attention_memories_by_formula() -> None:
    maps = LinearMaps(*RNG.standard_normal((3, D, D)))
    x = KEYS[0]
    weights = softmax(x @ maps.w_query @ (x @ maps.w_key).T / np.sqrt(D), axis=1)
    stored = named.attention(D).store(maps.keys(x), maps.values(x))
    np.testing.assert_allclose(stored.read(maps.queries(x)), weights @ x @ maps.w_value, atol=1e-12)
    q, k = (np.where(one > 0, one + 1, np.exp(one)) for one in (QUERIES[0], x))
    linear = (q @ k.T) / (q @ k.T).sum(axis=1, keepdims=True) @ VALUES[0]
    np.testing.assert_allclose(named.linear_attention().store(x, VALUES[0]).read(QUERIES[0]), linear, atol=1e-12)
    near = np.exp(-((QUERIES[0][:, None] - x) ** 2).sum(axis=-1) / 2)
    smooth = near / near.sum(axis=1, keepdims=True) @ VALUES[0]
    np.testing.assert_allclose(named.kernel_attention().store(x, VALUES[0]).read(QUERIES[0]), smooth, atol=1e-12)


def test_slots_are_written_in_turn() -> None:
    memory = KeyValueMemory(Dot(100.0), Softmax(), Slots(2))
    stored = memory.store(np.eye(3), VALUES[0, :3])
    np.testing.assert_allclose(stored.read(np.eye(3)[2]), VALUES[0, 2], atol=1e-12)
    np.testing.assert_allclose(stored.traces.keys, np.eye(3)[[2, 1]])
    assert stored.store(KEYS[0, :1, :3], VALUES[0, 3:4]).traces.written.tolist() == [3, 4]
    half = KeyValueMemory(Dot(), Softmax(), Slots(1, rate=0.5)).store(np.eye(3)[:1], VALUES[0, :1])
    np.testing.assert_allclose(half.traces.keys[0], [0.5, 0.0, 0.0])
    np.testing.assert_allclose(half.traces.values[0], 0.5 * VALUES[0, 0])


@pytest.mark.parametrize(
    ("rule", "separation"),
    [(Delta(), Softmax()), (Delta(), Normalise()), (Slots(3), Identity())],
)
def test_rules_refuse_separations_that_they_do_not_fit(rule: WriteRule, separation: Separation) -> None:
    with pytest.raises(ValueError, match=r"use *(separation=Identity|Softmax)"):
        KeyValueMemory(Dot(), separation, rule).store(KEYS, VALUES)


def test_what_is_wrong_is_said_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"3 entries that are not finite; 7 keys and 6 values.*strengths must be 0 or more"
    ):
        KeyValueMemory().store(KEYS, np.where(np.arange(6)[:, None] == 2, np.nan, VALUES[0, :6]), -np.ones(N))
    with pytest.raises(ValueError, match=r"expected \(..., query, 4\)"):
        KeyValueMemory().store(KEYS, VALUES).read(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="values have 4 features, expected 3"):
        KeyValueMemory().store(KEYS, VALUES).store(KEYS)
    with pytest.raises(TypeError, match=r"Softmax is not linear.*DistanceGradient has no features"):
        KeyValueMemory(rbf(), Softmax()).store(KEYS, VALUES).primal()


def test_gradients_of_distance() -> None:
    d = np.linalg.norm(QUERIES[0][:, None] - KEYS[0][None], axis=-1)
    np.testing.assert_allclose(rbf(2.0)(QUERIES[0], KEYS[0]), np.exp(-(d**2) / 8.0))
    city = np.abs(QUERIES[0][:, None] - KEYS[0][None]).sum(axis=-1)
    np.testing.assert_allclose(laplace(2.0)(QUERIES, KEYS)[0], np.exp(-city / 2.0))
    np.testing.assert_allclose(NegativeDistance()(KEYS[0], KEYS[0]).diagonal(), 0.0)


def test_random_features_approach_softmax_attention() -> None:
    keys, queries = 0.3 * KEYS[0], 0.3 * QUERIES[0]
    exact = KeyValueMemory(Dot(), Softmax(1.5)).store(keys, VALUES[0]).read(queries)
    kernel = random_features(100_000, D, np.random.default_rng(0), beta=1.5)
    approximate = KeyValueMemory(kernel, Normalise()).store(keys, VALUES[0]).primal().read(queries)
    np.testing.assert_allclose(approximate, exact, atol=0.005)


def test_minerva_and_exemplar_memories_by_hand() -> None:
    echo = named.minerva2().store(np.array([[1.0, 1.0, 0.0], [0.0, -1.0, 0.0]]))
    np.testing.assert_allclose(echo.attention(np.array([0.0, 1.0, 0.0])), [0.125, -1.0])
    labels = named.generalised_context(0.2, np.array([0.5, 0.5])).store(np.array([[0.0, 0.0], [3.0, 4.0]]), np.eye(2))
    np.testing.assert_allclose(labels.read(np.zeros(2)), [1.0, np.exp(-0.2 * np.sqrt(12.5))])


def test_one_dense_step_moves_downhill_like_its_first_order_read() -> None:
    rng = np.random.default_rng(2)
    patterns = random_keys(12, 60, rng, bipolar=True)
    cue = patterns[3] * np.where(np.arange(60) < 6, -1.0, 1.0)
    field = attractor.dense_field(patterns, cue, RectifiedPolynomial(3))
    np.testing.assert_array_equal(attractor.sign(field, cue), patterns[3])
    read = named.dense_associative(3).store(patterns).read(cue)
    np.testing.assert_array_equal(np.sign(read), patterns[3])


def test_scaffold_keys() -> None:
    rng = np.random.default_rng(3)
    keys = drifting_keys(9, 0.7, rng, 20)
    apart = np.abs(np.subtract.outer(np.arange(9), np.arange(9)))
    np.testing.assert_allclose(Dot()(keys, keys), 0.7**apart, atol=1e-12)
    assert set(sparse_keys(5, 30, 4, rng).sum(axis=1)) == {4.0}
    alike = random_keys(1, 40, rng) + 0.1 * random_keys(2, 40, rng)
    sparse = RandomExpansion(rng.standard_normal((40, 2000)), 20).keys(alike)
    cosine = np.corrcoef(alike)[0, 1]
    assert sparse[0] @ sparse[1] / 20 < cosine - 0.05


def test_decorrelated_keys_recall_linearly_dependent_contents_exactly() -> None:
    contents = RNG.standard_normal((6, 3)) @ RNG.standard_normal((3, 8))
    stored = KeyValueMemory().store(decorrelated(contents), contents)
    np.testing.assert_allclose(stored.read(contents), contents, atol=1e-9)
    # the delta rule gets there by repetition
    rate = 1.0 / np.linalg.norm(contents, 2) ** 2
    learned = empty_linear(Dot(), 8, 8)
    for _ in range(400):
        learned = learned.store(contents, contents, Delta(4.0 * rate))
    np.testing.assert_allclose(learned.matrix, stored.primal().matrix, atol=2e-2)


def test_modular_scaffold_holds_all_its_states_whatever_is_stored() -> None:
    scaffold = ModularScaffold((3, 4, 5), 200)
    np.testing.assert_array_equal(scaffold.grid.sum(axis=1), 3)
    assert len(np.unique(scaffold.grid, axis=0)) == scaffold.n_states == 60
    rng = np.random.default_rng(0)
    flipped = scaffold.hidden * np.where(rng.random((60, 200)) < 0.15, -1.0, 1.0)
    np.testing.assert_array_equal(scaffold.clean(flipped), scaffold.hidden)
    assert len(np.unique(ModularScaffold((2, 3), 5, dimensions=2).grid, axis=0)) == 36
    contents = random_keys(60, 80, rng, bipolar=True)
    memory = hang(scaffold, contents)
    overlap = (memory.read(contents) * contents).mean()
    assert (memory.at(scaffold.hidden) * contents).mean() == 1.0
    assert 0.4 < overlap < 1.0
    assert (hang(scaffold, contents, "hebb").at(scaffold.hidden) * contents).mean() < 0.6
    with pytest.raises(ValueError, match="61 contents on 60 states"):
        hang(scaffold, random_keys(61, 80, rng, bipolar=True))
    with pytest.raises(ValueError, match=r"coprime in pairs, found \(4, 6\)"):
        ModularScaffold((4, 6), 10)
