"""What kvfit's Ops share."""

import hashlib
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Variable
from pytensor.graph.op import Op


def connected(outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
    """Cotangents, 0 where an output is not used."""
    return [
        pt.zeros_like(out) if isinstance(g.type, DisconnectedType) else g
        for out, g in zip(outputs, cotangents, strict=True)
    ]


def cache_key(op: Op, *modules: ModuleType) -> str:
    """Key under which Numba's binary of an Op is kept.

    Changes with the Op, its properties, and the source of its own and of these modules, so that a stale binary is never
    used.
    """
    digest = hashlib.sha256(f"{type(op).__name__} {op._props()}".encode())
    for module in (sys.modules[type(op).__module__], *modules):
        digest.update(_source(str(module.__file__)))
    return digest.hexdigest()


@cache
def _source(path: str) -> bytes:
    return Path(path).read_bytes()
