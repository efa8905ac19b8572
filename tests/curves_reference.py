"""Summary curves written as the definitions read, one list after the other: slow references for the tests.

Arguments as in `kvfit.tasks.curves`, without leading draws.
"""

from collections.abc import Iterator

import numpy as np


def is_correct(responses: list[int], at: int) -> bool:
    return responses[at] > 0 and responses[at] not in responses[:at]


def correct_recalls(responses: list[int]) -> list[int]:
    return [response for at, response in enumerate(responses) if is_correct(responses, at)]


def divide(actual: np.ndarray, possible: np.ndarray) -> np.ndarray:
    return np.array([a / p if p else np.nan for a, p in zip(actual.ravel(), possible.ravel(), strict=True)]).reshape(
        actual.shape
    )


def transitions(responses: list[int], length: int) -> Iterator[tuple[int, int, int, list[int]]]:
    """Yield the number of correct recalls so far, the two positions, and the positions still possible."""
    for at in range(len(responses) - 1):
        if is_correct(responses, at) and is_correct(responses, at + 1):
            recalled = correct_recalls(responses[: at + 1])
            open_ = [position for position in range(1, length + 1) if position not in recalled]
            yield len(recalled), responses[at], responses[at + 1], open_


def serial_position(responses, list_length, group, n_groups):
    shape = (n_groups, max(list_length))
    actual, possible = np.zeros(shape), np.zeros(shape)
    for row, length, g in zip(responses.tolist(), list_length, group, strict=True):
        for position in range(1, length + 1):
            possible[g, position - 1] += 1
            actual[g, position - 1] += position in row
    return divide(actual, possible)


def nth_recall(responses, list_length, group, n_groups):
    shape = (n_groups, max(list_length), max(list_length))
    actual, possible = np.zeros(shape), np.zeros(shape)
    for row, length, g in zip(responses.tolist(), list_length, group, strict=True):
        recalled = correct_recalls(row)
        for n, made in enumerate(recalled):
            actual[g, n, made - 1] += 1
            for position in range(1, length + 1):
                possible[g, n, position - 1] += position not in recalled[:n]
    return divide(actual, possible)


def first_recall(responses, list_length, group, n_groups):
    return nth_recall(responses, list_length, group, n_groups)[:, 0]


def lag_crp_by_output(responses, list_length, group, n_groups):
    actual, possible = lag_counts(responses, list_length, group, n_groups)
    return divide(actual, possible)


def lag_crp(responses, list_length, group, n_groups):
    actual, possible = lag_counts(responses, list_length, group, n_groups)
    return divide(actual.sum(axis=1), possible.sum(axis=1))


def lag_counts(responses, list_length, group, n_groups):
    longest = max(list_length)
    # One output position at least, so that sums over them have a shape when lists have a single item.
    shape = (n_groups, longest - 1, 2 * longest - 1)
    actual, possible = np.zeros(shape), np.zeros(shape)
    for row, length, g in zip(responses.tolist(), list_length, group, strict=True):
        for n, here, there, open_ in transitions(row, length):
            actual[g, n - 1, there - here + longest - 1] += 1
            for position in open_:
                possible[g, n - 1, position - here + longest - 1] += 1
    return actual, possible


def lag_rank(responses, list_length, group, n_groups):
    ranks = [[] for _ in range(n_groups)]
    for row, length, g in zip(responses.tolist(), list_length, group, strict=True):
        for _, here, there, open_ in transitions(row, length):
            if len(open_) > 1:
                others = [position for position in open_ if position != there]
                farther = [abs(position - here) > abs(there - here) for position in others]
                as_far = [abs(position - here) == abs(there - here) for position in others]
                ranks[g].append((sum(farther) + sum(as_far) / 2) / len(others))
    return np.array([np.mean(rank) if rank else np.nan for rank in ranks])


def recall_length(responses, list_length, group, n_groups):
    actual, possible = np.zeros((n_groups, max(list_length) + 1)), np.zeros((n_groups, max(list_length) + 1))
    for row, g in zip(responses.tolist(), group, strict=True):
        actual[g, len(correct_recalls(row))] += 1
        possible[g] += 1
    return divide(actual, possible)


def intrusions(responses, list_length, group, n_groups):
    return _mean_per_list([row.count(-1) for row in responses.tolist()], group, n_groups)


def repeats(responses, list_length, group, n_groups):
    counts = [sum(r > 0 for r in row) - len(correct_recalls(row)) for row in responses.tolist()]
    return _mean_per_list(counts, group, n_groups)


def _mean_per_list(counts, group, n_groups):
    by_group = [[count for count, g in zip(counts, group, strict=True) if g == k] for k in range(n_groups)]
    return np.array([np.mean(counts) if counts else np.nan for counts in by_group])
