"""Check how a MATLAB file of version 5 to 7 is laid out before SciPy reads it, whose reader trusts every size and code.

A data element has a tag with its type and size; a matrix is an element that holds others: flags, dimensions, name, and its
values, or further matrices. A damaged file in which types or sizes are wrong can end the process.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

_MATRIX, _COMPRESSED = 14, 15
#: Types of plain values, and their size in bytes.
_PLAIN = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_NUMBERS = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13)
_NAME, _INT32, _UINT32 = (1, 2, 16), 5, 6

_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE, _FUNCTION, _OPAQUE = 1, 2, 3, 4, 5, 16, 17
_NUMERIC = range(6, 16)

_HEADER = 128
#: Matrices within matrices.
_DEEPEST = 100
#: Text without content stands for so many blanks.
_MOST_BLANKS = 1_000_000
#: A compressed matrix may become so large.
_LARGEST = 1 << 32


class MatLayoutError(ValueError):
    """A file whose elements do not fit together."""


@dataclass(frozen=True)
class _Element:
    kind: int
    content: memoryview


def check_mat(content: bytes) -> None:
    """Check every element of a file.

    Parameters
    ----------
    content : bytes
        Of a file of version 5 to 7, with its header of 128 bytes.

    Raises
    ------
    MatLayoutError
        Saying what does not fit.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if len(content) < _HEADER or order is None:
        raise MatLayoutError("the header is damaged")
    for element in _elements(memoryview(content)[_HEADER:], order, padded=False):
        if element.kind == _COMPRESSED:
            for inner in _elements(memoryview(_unpacked(element.content)), order, padded=False):
                _check_top(inner, order)
        else:
            _check_top(element, order)


def _unpacked(content: memoryview) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(content, _LARGEST)
    except zlib.error as error:
        raise MatLayoutError(f"a compressed matrix is damaged ({error})") from error
    if not unpacker.eof:
        raise MatLayoutError("a compressed matrix is incomplete")
    return found


def _check_top(element: _Element, order: str) -> None:
    if element.kind != _MATRIX:
        raise MatLayoutError(f"an element of type {element.kind} where a matrix should be")
    _check_matrix(element.content, order, 0)


def _elements(content: memoryview, order: str, *, padded: bool) -> Iterator[_Element]:
    """Take elements apart; inside a matrix each begins at a multiple of eight bytes."""
    at = 0
    while at < len(content):
        if len(content) - at < 8:
            raise MatLayoutError("bytes are left over")
        first, size = struct.unpack_from(f"{order}II", content, at)
        if first >> 16:  # a small element: type and size in four bytes, up to four bytes of content
            kind, size, start, end = first & 0xFFFF, first >> 16, at + 4, at + 8
            if size > 4:
                raise MatLayoutError("a small element is larger than four bytes")
        else:
            kind, start = first, at + 8
            end = start + size
            end += -size % 8 if padded and kind != _COMPRESSED else 0
        if start + size > len(content):
            raise MatLayoutError("an element is larger than what holds it")
        yield _Element(kind, content[start : start + size])
        at = end


def _check_matrix(content: memoryview, order: str, depth: int) -> None:
    if not len(content):  # an empty cell
        return
    if depth > _DEEPEST:
        raise MatLayoutError("matrices are nested too deeply")
    elements = list(_elements(content, order, padded=True))
    if not elements or elements[0].kind != _UINT32 or len(elements[0].content) < 8:
        raise MatLayoutError("a matrix without its flags")
    flags = struct.unpack_from(f"{order}I", elements[0].content)[0]
    kind, is_complex = flags & 0xFF, bool(flags & 0x800)
    if kind == _OPAQUE:  # an object of MATLAB's own, of which SciPy reads names and one matrix
        _check_opaque(elements[1:], order, depth)
        return
    if len(elements) < 3 or elements[1].kind not in (_INT32, _UINT32) or elements[2].kind not in _NAME:
        raise MatLayoutError("a matrix without dimensions or name")
    n_sizes = len(elements[1].content) // 4
    sizes = struct.unpack_from(f"{order}{n_sizes}i", elements[1].content)
    if len(sizes) < 2 or len(sizes) > 32 or min(sizes) < 0:
        raise MatLayoutError(f"a matrix with the dimensions {sizes}")
    _check_values(kind, prod(sizes), elements[3:], order, depth, is_complex=is_complex)


def _check_values(
    kind: int, n_cells: int, elements: Sequence[_Element], order: str, depth: int, *, is_complex: bool
) -> None:
    if kind in _NUMERIC:
        _expect(elements, [_NUMBERS] * (1 + is_complex), n_cells)
    elif kind == _CHAR:
        _expect(elements, [tuple(_PLAIN)])
        if n_cells > max(len(elements[0].content), _MOST_BLANKS):
            raise MatLayoutError(f"{len(elements[0].content)} bytes where {n_cells} letters should be")
    elif kind == _SPARSE:
        # Truth values are kept in single bytes, whatever their type says.
        _expect(elements[:2], [_NUMBERS] * 2)
        if len(elements) != 3 + is_complex or any(one.kind not in _NUMBERS for one in elements):
            raise MatLayoutError("a sparse matrix without values")
    elif kind in (_STRUCT, _OBJECT):
        before = int(kind == _OBJECT)
        head, elements = elements[: before + 2], elements[before + 2 :]
        _expect(head, [*([_NAME] * before), (_INT32,), _NAME])
        length = struct.unpack(f"{order}i", head[before].content)[0] if len(head[before].content) == 4 else 0
        names = len(head[before + 1].content)
        if length < 1 or names % length:
            raise MatLayoutError("names of fields do not fit their length")
        _check_inner(elements, n_cells * (names // length), order, depth)
    elif kind == _CELL:
        _check_inner(elements, n_cells, order, depth)
    elif kind == _FUNCTION:
        _check_inner(elements, 1, order, depth)
    else:
        raise MatLayoutError(f"a matrix of class {kind}")


def _expect(elements: Sequence[_Element], kinds: Sequence[Sequence[int]], n_cells: int | None = None) -> None:
    """Elements of these types in this order, each of as many values."""
    if len(elements) != len(kinds) or any(one.kind not in kind for one, kind in zip(elements, kinds, strict=True)):
        raise MatLayoutError(f"values of the types {[one.kind for one in elements]}")
    for one in elements:
        if len(one.content) % _PLAIN[one.kind] or (
            n_cells is not None and len(one.content) != n_cells * _PLAIN[one.kind]
        ):
            raise MatLayoutError(f"{len(one.content)} bytes where {n_cells} values should be")


def _check_inner(elements: Sequence[_Element], wanted: int, order: str, depth: int) -> None:
    if len(elements) != wanted or any(one.kind != _MATRIX for one in elements):
        raise MatLayoutError(f"{len(elements)} matrices inside another one, expected {wanted}")
    for one in elements:
        _check_matrix(one.content, order, depth + 1)


def _check_opaque(elements: Sequence[_Element], order: str, depth: int) -> None:
    names, rest = elements[:3], elements[3:]
    named = len(names) == 3 and all(one.kind in _NAME for one in names)
    if not named or [one.kind for one in rest] != [_MATRIX]:
        raise MatLayoutError("an object that cannot be read")
    for one in rest:
        _check_matrix(one.content, order, depth + 1)
