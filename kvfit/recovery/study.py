"""What every recovery study shares: models that are checked first, its jobs, and where they run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from kvfit.batch.fits import not_the_registered
from kvfit.batch.job import Inputs, Job
from kvfit.batch.runner import Batch, run_batch
from kvfit.inference.hierarchy import Pooling
from kvfit.inference.settings import FitSettings
from kvfit.items import effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.model_definition import definition_hash, describe_fitted
from kvfit.recovery.replicates import Method, estimate, sample
from kvfit.recovery.true_values import TrueValues
from kvfit.registry import get_model
from kvfit.regression.model import require_persons_alone


@dataclass(frozen=True)
class Fitting:
    """How simulated data are fitted.

    Parameters
    ----------
    method : {"ml", "map", "posterior"}
    starts : int
        Of each maximum-likelihood or MAP search, at most.
    settings : mapping
        Of the posterior fits, see :class:`~kvfit.inference.settings.FitSettings`.
    """

    method: Method = "ml"
    starts: int = 6
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = []
        if self.method not in get_args(Method):
            problems.append(f"method: expected one of {', '.join(get_args(Method))}; found {self.method!r}")
        if self.starts < 1:
            problems.append(f"starts: expected at least 1, found {self.starts}")
        unknown = [k for k in self.settings if k not in FitSettings.__dataclass_fields__]
        if unknown:
            problems.append(
                f"settings: unknown {', '.join(unknown)}; known are {', '.join(FitSettings.__dataclass_fields__)}"
            )
        if self.settings and self.method in ("ml", "map"):
            problems.append(
                f"settings: {', '.join(self.settings)} are of method='posterior', found method={self.method!r}"
            )
        if problems:
            raise ValueError("recovery:\n  " + "\n  ".join(problems))
        self.posterior  # noqa: B018 - checks the settings' values

    @property
    def posterior(self) -> FitSettings:
        """Settings of the posterior fits."""
        return FitSettings(**self.settings)

    @property
    def pooling(self) -> Pooling:
        """What the prior of the people is under this method."""
        return self.posterior.pooling if self.method == "posterior" else "none"

    @property
    def correlated(self) -> bool:
        """Whether persons' values are correlated under this method's prior."""
        return self.method == "posterior" and self.posterior.correlated

    @property
    def words(self) -> str:
        """The method in words."""
        return {
            "ml": "maximum likelihood, participant by participant",
            "map": "MAP estimates, participant by participant",
            "posterior": f"posterior sampling ({self.posterior.pooling} pooling)",
        }[self.method]

    def job(
        self,
        generator: MemoryModel,
        truth: TrueValues,
        seed: int,
        replicate: int,
        model: MemoryModel,
        inputs: Inputs,
        label: str,
    ) -> Job:
        """Simulate one data set, of the replicates of a study the one of this number from 0, and fit it."""
        # the same however many replicates there are
        own = int(np.random.SeedSequence([seed, replicate]).generate_state(1)[0])
        common = {"generator": generator.label, "truth": truth.plain(), "seed": own, "model": model.label}
        label = f"{label} {replicate + 1}"
        defined = " ".join(inputs.definitions.get(one.label, "") for one in (generator, model))
        if self.method == "posterior":
            settings = self.posterior.identity()
            del settings["seed"]  # each data set has its own
            how = {"cores": self.posterior.cores}
            return Job(sample, {**common, "settings": settings}, label, inputs, how, definition=defined)
        return Job(
            estimate, {**common, "method": self.method, "starts": self.starts}, label, inputs, definition=defined
        )


@dataclass(frozen=True)
class Where:
    """Where a study keeps its results and does its work.

    Parameters
    ----------
    store : path, optional
    workers : int
    dask : str, optional
    show_progress : bool
    """

    store: str | Path | None = None
    workers: int = 1
    dask: str | None = None
    show_progress: bool = True

    def with_cores(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Settings of posterior fits: processes that share a machine sample with one core each."""
        shared = self.workers > 1 or self.dask is not None
        return {"cores": 1, **settings} if settings and shared else settings

    def run(self, jobs: Sequence[Job], label: str) -> Batch:
        """Do the jobs, or find their results; see :func:`~kvfit.batch.runner.run_batch`."""
        return run_batch(jobs, **vars(self), label=label)


def check_replicates(replicates: int) -> None:
    """Refuse a study without data sets."""
    if replicates < 1:
        raise ValueError(f"replicates: expected at least 1, found {replicates}")


def bound_models(
    models: Sequence[str | MemoryModel], design: Any, method: Method, similarity: np.ndarray | None
) -> list[MemoryModel]:
    """Models bound to the design, all checked before anything is computed.

    Raises
    ------
    ValueError
        Listing what keeps each model from being simulated or fitted here.
    """
    from kvfit.store import StoreError, require_registered

    found: list[MemoryModel] = []
    problems: list[str] = []
    for spec in models:
        try:
            model = get_model(spec).bind(design)
            model.design(design, similarity if model.semantic else None)
            if method != "posterior":
                require_persons_alone(model, design)
            require_registered(model.label)  # workers build models by their names
            used = similarity if model.semantic else None
            problems += not_the_registered(model, design, describe_fitted(model, design, used), used)
        except StoreError:
            problems.append(
                f"{model.label}: workers build models by name, and kvfit does not find this one; register it, as a file in"
                " models/ or by an entry point of the group 'kvfit.models'"
            )
            continue
        except ValueError as error:
            problems.append(str(error))
            continue
        if effects_of_items(model) and method != "posterior":
            problems.append(f"{model.label}: effects of items need method='posterior'")
        found.append(model)
    labels = [model.label for model in found]
    problems += [f"{label}: given twice" for label in dict.fromkeys(labels) if labels.count(label) > 1]
    if problems:
        raise ValueError("recovery:\n  " + "\n  ".join(problems))
    return found


def inputs_of(models: Sequence[MemoryModel], design: Any, similarity: np.ndarray | None) -> Inputs:
    """What the jobs of these models share."""
    conditions = "".join(dict.fromkeys(getattr(model, "conditions_fingerprint", "") for model in models))
    used = similarity if any(model.semantic for model in models) else None
    definitions = {m.label: definition_hash(describe_fitted(m, design, used if m.semantic else None)) for m in models}
    return Inputs(design, used, conditions, definitions)
