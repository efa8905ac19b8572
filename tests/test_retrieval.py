"""Retrieval of one trace or none: its probabilities, its threshold, and keys of several parts."""

import numpy as np
import pytest

from kvfit.memory import Decay, Retrieval
from kvfit.memory.scaffold import compound, drifting_keys, random_keys


def test_probabilities_are_a_competition_of_traces_and_threshold() -> None:
    rng = np.random.default_rng(0)
    retrieval = Retrieval(gain=6.0, threshold=0.4)
    strengths = np.array([1.0, 0.2, 3.0, 0.0])
    keys, queries = random_keys(4, 8, rng), random_keys(3, 8, rng)
    stored = retrieval.memory().store(keys, strengths=strengths)
    weights = strengths * np.exp(6.0 * queries @ keys.T)
    expected = weights / (weights.sum(axis=1, keepdims=True) + np.exp(6.0 * 0.4))
    np.testing.assert_allclose(retrieval.probabilities(stored, queries), expected, rtol=1e-12)
    np.testing.assert_allclose(retrieval.reached(stored, queries), expected.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(retrieval.raw_match(stored, queries), np.log(weights.sum(axis=1)) / 6.0, rtol=1e-12)


def test_threshold_is_the_match_of_even_chance_and_copies_add() -> None:
    retrieval = Retrieval(gain=5.0, threshold=0.7)
    stored = retrieval.memory().store(np.array([[0.7, 0.0]]))
    query = np.array([[1.0, 0.0]])
    np.testing.assert_allclose(retrieval.probabilities(stored, query), [[0.5]])
    twice = stored.store(np.array([[0.7, 0.0]]))
    np.testing.assert_allclose(retrieval.raw_match(twice, query), 0.7 + np.log(2.0) / 5.0)


def test_retrieval_uses_the_write_rule_and_batches() -> None:
    rng = np.random.default_rng(1)
    retrieval = Retrieval()
    keys = np.stack([random_keys(5, 6, rng) for _ in range(3)])
    faded = retrieval.memory(Decay(0.5)).store(keys)
    np.testing.assert_allclose(faded.traces.strengths[0], 0.5 ** np.arange(4, -1, -1))
    whole = retrieval.probabilities(faded, keys[:, :2])
    assert whole.shape == (3, 2, 5)
    one = retrieval.probabilities(retrieval.memory(Decay(0.5)).store(keys[1]), keys[1, :2])
    np.testing.assert_allclose(whole[1], one, rtol=1e-12)


def test_compound_keys_match_by_shares() -> None:
    rng = np.random.default_rng(2)
    cues, contexts = random_keys(4, 7, rng), random_keys(4, 5, rng)
    keys = compound((cues, contexts), (0.7, 0.3))
    np.testing.assert_allclose(keys @ keys.T, 0.7 * cues @ cues.T + 0.3 * contexts @ contexts.T, atol=1e-12)
    batch = compound((cues[None], np.stack([contexts, contexts])[:, :1]), (0.5, 0.5))
    assert batch.shape == (2, 4, 12)
    with pytest.raises(ValueError, match="shorter"):
        compound((cues, contexts), (1.0,))


def test_addresses_drift_by_unequal_steps() -> None:
    steps = np.array([0.9, 0.2, 0.5])
    keys = drifting_keys(4, steps, np.random.default_rng(3))
    expected = [[1, 0.9, 0.18, 0.09], [0.9, 1, 0.2, 0.1], [0.18, 0.2, 1, 0.5], [0.09, 0.1, 0.5, 1]]
    np.testing.assert_allclose(keys @ keys.T, expected, atol=1e-12)
