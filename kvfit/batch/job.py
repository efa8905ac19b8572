"""One piece of a batch: a function, what decides its result, and a key that stays the same."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from kvfit.store import folder_name


@dataclass(frozen=True, eq=False)
class Inputs:
    """Data that many jobs share; sent to a worker once a job, unpacked there once.

    Parameters
    ----------
    data : FreeRecallData or RecognitionData, optional
    similarity : numpy.ndarray, optional
        Similarities of items, for models with ``semantic=True``.
    conditions : str
        Hash of what else of the data decides results, such as columns that formulas use.
    definitions : mapping of str to str
        Hash of what defines each model, by its label, for `Job.definition`.
    """

    data: Any = None
    similarity: np.ndarray | None = None
    conditions: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Hash of the scored responses, their trials and the similarities."""
        found = hashlib.sha256(b"" if self.data is None else self.data.fingerprint.encode())
        found.update(self.conditions.encode())
        if self.similarity is not None:
            found.update(np.ascontiguousarray(self.similarity, dtype=float).tobytes())
        return found.hexdigest()


@dataclass(frozen=True, eq=False)
class Job:
    """One piece of work whose result can be stored and found again.

    Parameters
    ----------
    function : callable
        Of a module that workers can import. Called as ``function(**settings, **how, data=, similarity=)``, the last two
        only if `inputs` has data; returns a mapping of what JSON can hold (NumPy arrays become lists).
    settings : mapping
        Arguments that decide the result, of what JSON can hold.
    label : str
        For people: part of the result's file name.
    inputs : Inputs
    how : mapping
        Arguments that do not change the result, such as numbers of cores and folders.
    stores_itself : bool
        The function keeps its own result and finds it again, as ``kv.fit(store=...)`` does.
    definition : str
        Hash of what else decides the result, such as parameters and numbers of the models that `settings` name.
    """

    function: Callable[..., Mapping[str, Any]]
    settings: Mapping[str, Any]
    label: str
    inputs: Inputs = field(default_factory=Inputs)
    how: Mapping[str, Any] = field(default_factory=dict)
    stores_itself: bool = False
    definition: str = ""

    @cached_property
    def key(self) -> str:
        """Hash of function, settings, data, definition and kvfit's version, 16 hex digits."""
        from kvfit import __version__

        identity = {
            "function": self.name,
            "settings": self.settings,
            "inputs": self.inputs.digest,
            "definition": self.definition,
            "kvfit": __version__,
        }
        text = json.dumps(identity, sort_keys=True, default=plain)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """Name of the function."""
        return f"{self.function.__module__}:{self.function.__qualname__}"

    @property
    def file_name(self) -> str:
        """Readable and unique."""
        return f"{folder_name(self.label, self.key)}.json"


def plain(value: Any) -> Any:
    """Turn a NumPy array or number into what JSON can hold."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"expected what JSON can hold, found {type(value).__name__}")
