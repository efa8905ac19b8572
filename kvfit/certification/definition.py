"""What defines a model: its parameters with their priors, and the numbers that it gives."""

import ast
import hashlib
import inspect
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kvfit.model_definition import describe_parameters

if TYPE_CHECKING:
    from kvfit.memory_model import MemoryModel
    from kvfit.registry import ModelFamily

#: Points at which numbers are taken, in prior standard deviations of the parameters in turn.
_POINTS = ((0.0,), (1.0, -1.0), (-1.5, 0.5, 1.0), (2.0, 2.0, -2.0))
_RECALLS: tuple[tuple[int, ...], ...] = ((), (5, 4, 0), (2, 3, 1, 0, 5, 4), (0, 1, 2, 3), (4,))
_N_ITEMS, _N_TRIALS = 6, 24
#: Relative difference up to which two numbers are the same; machines and libraries differ by less than that.
TOLERANCE = 1e-7


def describe(family: "ModelFamily", model: "MemoryModel") -> dict[str, Any]:
    """Everything that a certificate is about.

    Parameters
    ----------
    family : ModelFamily
    model : MemoryModel
        Of that family, not bound to data.

    Returns
    -------
    dict
        ``parameters`` (name, support, link, prior interval, whether persons differ), ``fixed``, ``source`` (hash of the
        code of the model's file) and ``numbers``: log-likelihoods of given responses at four points of the prior, computed
        from the model's equations without compiled cores.

    Notes
    -----
    Numbers, because likelihoods are made of code in many files: a change anywhere that moves one voids certificates, and
    one that only rearranges code does not.
    """
    return {**describe_parameters(model), "source": source_hash(family), "numbers": numbers(model)}


def numbers(model: "MemoryModel") -> list[float]:
    """Log-likelihoods that tell two models apart."""
    found = [_of_recall(model, z) if model.task == "free_recall" else _of_recognition(model, z) for z in _POINTS]
    return [float(f"{value:.12g}") for value in np.concatenate(found)]


def same_numbers(one: list[float], other: list[float]) -> bool:
    """Whether two models gave the same numbers."""
    return len(one) == len(other) and bool(np.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE))


def source_file(family: "ModelFamily") -> Path | None:
    """File in which a family's models are built; None where it was written nowhere, as in a console."""
    module = sys.modules.get(getattr(inspect.unwrap(family.build), "__module__", "") or "")
    name = getattr(module, "__file__", None)
    return None if name is None else Path(name)


def source_hash(family: "ModelFamily") -> str:
    """Hash of the code in the model's file, whatever its comments, docstrings and layout; empty without a file."""
    path = source_file(family)
    if path is None:
        return ""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    # as text: dumps of the same code differ between versions of Python
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:16]


def key(definition: Mapping[str, Any]) -> str:
    """Short name of a definition, 12 hex digits: the same for the same parameters and numbers, however they are written."""
    what = {name: definition[name] for name in ("parameters", "fixed")}
    what["numbers"] = [f"{value:.8g}" for value in definition["numbers"]]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]


def _at(model: "MemoryModel", z: tuple[float, ...]) -> dict[str, np.ndarray]:
    """Natural-scale values ``(1,)`` at a point."""
    return {
        p.name: np.atleast_1d(p.to_natural(p.location + p.scale * z[k % len(z)]))
        for k, p in enumerate(model.parameters)
    }


def _of_recall(model: Any, z: tuple[float, ...]) -> np.ndarray:
    """Of given recalls, written out literally: nothing is compiled."""
    from kvfit.kernels.reference import list_log_likelihood

    tables = model.tables(_at(model, z), np.array([_N_ITEMS]), _N_ITEMS, np)
    tables = tuple(np.broadcast_to(np.asarray(table, dtype=float), (1, *np.shape(table)[1:])) for table in tables)
    core = model.core(_N_ITEMS)
    similarity = None
    if model.semantic:
        similarity = np.cos(np.add.outer(np.arange(_N_ITEMS), np.arange(_N_ITEMS)))
    return np.array(
        [list_log_likelihood(core, tables, 0, _N_ITEMS, np.array(one, dtype=int), similarity) for one in _RECALLS]
    )


def _of_recognition(model: Any, z: tuple[float, ...]) -> np.ndarray:
    """Of every response category to old and to new items."""
    from kvfit.recovery.designs import recognition_design

    data = recognition_design(1, _N_TRIALS, "1-6")
    bound = model.bind(data)
    design = bound.design(data)
    table = bound.log_probabilities(design, _at(bound, z))
    found: np.ndarray = np.stack([table[design.old].mean(axis=0), table[~design.old].mean(axis=0)]).ravel()
    return found
