"""What a fit was asked to do: enough to find it again or to repeat it."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from kvfit.inference.hierarchy import Parameterisation, Pooling

SAMPLERS = ("nutpie", "pymc", "numpyro")


@dataclass(frozen=True)
class FitSettings:
    """Settings of a posterior fit.

    Parameters
    ----------
    pooling : {"partial", "none", "complete"}
        Persons from one population; each alone; or one value for all.
    sampler : {"nutpie", "pymc", "numpyro"}
    draws, tune, chains : int
        Kept draws and warm-up draws a chain.
    cores : int
        Chains that run at once; does not change the draws.
    target_accept : float
    seed : int
    parameterisation : {"preconditioned", "noncentred", "centred"}
        Coordinates of person effects for the sampler; see :mod:`kvfit.inference.preconditioner`.
    correlated : bool
        Whether persons' parameters may correlate in the population (LKJ prior); independent otherwise. Partial pooling only.
    """

    pooling: Pooling = "partial"
    sampler: str = "nutpie"
    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    cores: int = 2
    target_accept: float = 0.9
    seed: int = 0
    parameterisation: Parameterisation = "preconditioned"
    correlated: bool = False

    def __post_init__(self) -> None:
        problems = []
        if self.pooling not in ("partial", "none", "complete"):
            problems.append(f"pooling: expected partial, none or complete; found {self.pooling!r}")
        if self.parameterisation not in ("preconditioned", "noncentred", "centred"):
            problems.append(
                f"parameterisation: expected preconditioned, noncentred or centred; found {self.parameterisation!r}"
            )
        if self.sampler not in SAMPLERS:
            problems.append(f"sampler: expected one of {', '.join(SAMPLERS)}; found {self.sampler!r}")
        for name in ("draws", "tune", "chains", "cores"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                problems.append(f"{name}: expected a whole number of at least 1, found {value!r}")
        if self.correlated and self.pooling != "partial":
            problems.append(
                f"correlated: persons' parameters correlate in a population; found pooling={self.pooling!r}"
            )
        if not 0 < self.target_accept < 1:
            problems.append(f"target_accept: expected a number between 0 and 1, found {self.target_accept!r}")
        if problems:
            raise ValueError("fit settings:\n  " + "\n  ".join(problems))

    def identity(self) -> dict[str, Any]:
        """What decides the draws."""
        values = asdict(self)
        del values["cores"]
        return values


def request_key(
    model_label: str,
    fingerprint: str,
    settings: FitSettings,
    similarity: str = "",
    conditions: str = "",
    definition: str = "",
) -> str:
    """Hash of a request, 12 hex digits: the same request finds the same fit.

    Parameters
    ----------
    model_label, fingerprint : str
        Of the model and of the responses.
    settings : FitSettings
    similarity : str
        Hash of the similarities of items, empty for none.
    conditions : str
        Hash of what formulas use of the data, which the fingerprint of responses does not cover.
    definition : str
        Hash of the model's parameters, priors, held values and numbers
        (:func:`kvfit.model_definition.definition_hash`): two models of one name are two requests.
    """
    from kvfit import __version__

    request = {
        "model": model_label,
        "definition": definition,
        "data": fingerprint,
        "settings": settings.identity(),
        "similarity": similarity,
        "kvfit": __version__,
        **({"conditions": conditions} if conditions else {}),
    }
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:12]
