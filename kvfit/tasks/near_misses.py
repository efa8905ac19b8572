"""Responses that resemble a word of their list: misspellings, plurals, full stops. They are named, never scored.

A response resembles a studied word if both are the same but for case, blanks, punctuation and the form of characters, or
if few edits lead from one to the other (an edit adds, drops or replaces a letter, or exchanges two neighbours): one edit,
in words of eight letters or more two. Words of up to three letters must agree in their letters: most of their
neighbours are other words. Labels with digits (``p07``, ``X12``) are codes and resemble nothing, and a response that was
studied elsewhere in the file is an intrusion from there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np
import pandas as pd

from kvfit.tasks.list_rows import ListRows, Matches
from kvfit.tasks.problems import PLACES_SHOWN, ProblemLog

#: Pairs of a response and a studied word that are held at once, so that memory stays bounded.
_AT_ONCE = 1_000_000

#: Different pairs that are compared letter by letter, after lengths and letters have sorted out nearly all; more are
#: not compared, and the warning says so.
MOST_COMPARED = 200_000


def plain_word(label: str) -> str:
    """Return the letters and digits of a label, case and forms of characters put aside; marks of letters stay."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return "".join(one for one in folded if unicodedata.category(one)[0] in "LNM")


def most_edits(longer: int) -> int:
    """How many edits may separate words of which the longer has so many letters."""
    return 0 if longer < 4 else 1 if longer < 8 else 2


def edits(first: str, second: str, most: int) -> int:
    """Count the edits between two words (restricted Damerau-Levenshtein distance), or return more than `most`.

    Parameters
    ----------
    first, second : str
    most : int
        Distances above it need not be exact.

    Returns
    -------
    int
    """
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(second, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def check_near_misses(lists: ListRows, matches: Matches, known: np.ndarray, log: ProblemLog) -> None:
    """Warn of responses that resemble a studied word of their list, each with that word.

    Parameters
    ----------
    lists : ListRows
    matches : Matches
    known : ndarray of bool, shape (recall,)
        Responses that need not be looked at: they match, or were named for another reason.
    log : ProblemLog
    """
    columns = lists.columns
    codes, words = pd.factorize(columns.item)
    plain = np.array([plain_word(str(word)) for word in words], dtype=object)
    studied = np.zeros(len(words), dtype=bool)
    studied[codes[lists.study]] = True
    wanted = np.flatnonzero(
        matches.intrusion & ~known & ~columns.item_missing[lists.responses] & ~studied[codes[lists.responses]]
    )
    if not len(wanted):
        return
    best, word_of, complete = _closest(lists, codes, plain, wanted)
    near = np.flatnonzero(best <= 2)
    if not len(near):
        return
    rows = lists.responses[wanted[near]]
    order = np.argsort(rows, kind="stable")
    near, rows = near[order], rows[order]
    found = [f"{columns.item[row]!r} for {words[word_of[one]]!r}" for row, one in zip(rows, near, strict=True)]
    limit = "" if complete else f" (only {MOST_COMPARED:,} of all pairs of words were compared)"
    log.add(
        "near_miss",
        f"Responses counted as intrusions resemble a studied word of their list{limit}",
        expected="the spelling of the study rows, where a response is meant to be that word",
        fix="correct the labels of those that are meant to be the word; otherwise they stay intrusions",
        column="item",
        places=columns.places(rows, found[:PLACES_SHOWN]),
        n_places=len(rows),
        severity="warning",
    )


def _closest(
    lists: ListRows, codes: np.ndarray, plain: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Fewest edits to a word of the list, and that word, for some responses; and whether all pairs were compared."""
    length = np.array([len(word) for word in plain])
    letters = np.array([_letters(word) for word in plain], dtype=np.uint64)
    # Codes are compared with nothing, unless nothing but punctuation separates them.
    digits = np.array([any(one.isdigit() for one in word) for word in plain], dtype=bool)
    form, _ = pd.factorize(plain)
    best = np.full(len(wanted), 99)
    word_of = np.zeros(len(wanted), dtype=np.int64)
    seen: dict[tuple[int, int], int] = {}
    complete = True
    for at, response, word in _pairs(lists, codes, wanted):
        longer = np.maximum(length[response], length[word])
        most = np.where(digits[response] | digits[word], 0, (longer >= 4).astype(int) + (longer >= 8))
        differ = np.bitwise_count(letters[response] ^ letters[word])
        # One edit changes the set of letters by two at most.
        maybe = (np.abs(length[response] - length[word]) <= most) & (differ <= 2 * most)
        maybe &= (most > 0) | (form[response] == form[word])
        maybe &= (length[response] > 0) & (length[word] > 0)
        for one in np.flatnonzero(maybe):
            pair = int(response[one]), int(word[one])
            if pair not in seen:
                if len(seen) >= MOST_COMPARED:
                    complete = False
                    continue
                limit = int(most[one])
                n_edits = edits(plain[pair[0]], plain[pair[1]], limit)
                seen[pair] = n_edits if n_edits <= limit else 99
            if seen[pair] < best[at[one]]:
                best[at[one]], word_of[at[one]] = seen[pair], pair[1]
    return best, word_of, complete


def _letters(word: str) -> int:
    """The set of a word's characters as bits."""
    bits = 0
    for one in word:
        bits |= 1 << (ord(one) % 64)
    return bits


def _pairs(
    lists: ListRows, codes: np.ndarray, wanted: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs of a response (its place in `wanted`, its word) and a word of its list, a bounded number at a time."""
    n_studied = lists.counts(lists.study)
    first = np.cumsum(n_studied) - n_studied
    of_list = lists.of_row[lists.responses[wanted]]
    n_pairs = n_studied[of_list]
    block = np.cumsum(n_pairs) // _AT_ONCE
    for number in np.unique(block):
        part = np.flatnonzero(block == number)
        n = n_pairs[part]
        at = np.repeat(part, n)
        inside = np.arange(len(at)) - np.repeat(np.cumsum(n) - n, n)
        row = lists.study[np.repeat(first[of_list[part]], n) + inside]
        yield at, codes[lists.responses[wanted[at]]], codes[row]
