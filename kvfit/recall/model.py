"""A free-recall model: a memory, a choice rule and a stopping rule put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kvfit.kernels.match_cue import CoreConfig, padded_width
from kvfit.memory_model import label_of
from kvfit.parameters import Parameter
from kvfit.priors import Interval, add_priors, label_parts, stated
from kvfit.recall.separation import Separation
from kvfit.recall.stopping import StoppingRule
from kvfit.recall.tables import MemoryTables, assemble
from kvfit.ties import Ties, untied, with_tied

if TYPE_CHECKING:
    from kvfit.recall.design import RecallDesign
    from kvfit.recall.objective import RecallObjective
    from kvfit.tasks.free_recall import FreeRecallData

MemoryFunction = Callable[[Mapping[str, Any], np.ndarray, int, Any], MemoryTables]

#: keeps log(s) finite where the operator takes logarithms and a match may vanish
_SMALLEST_MATCH = 1e-12


@dataclass(frozen=True)
class RecallModel:
    """One fully specified model of free recall.

    Parameters
    ----------
    name : str
        The model's name in the registry.
    options : mapping of str to object
        The options, and fixed or freed parameters, that differ from the defaults.
    title, claim, reference : str
        For reports: what it is, what it claims about memory, where it comes from.
    memory_parameters : tuple of Parameter
    memory : callable
        ``memory(p, list_length, n_positions, xp) -> MemoryTables``, where ``p`` maps names to ``(cell,)`` values on
        the natural scale and ``list_length`` is a constant ``(cell,)`` integer array.
    separation : Separation
    stopping : StoppingRule
    channels : int
        2 where context drifts with constant norm.
    semantic : bool
        Whether per-list similarities enter.
    fixed : mapping of str to float
        Parameters held at a value.
    support_floor : callable, optional
        ``support_floor(p) -> (cell,)``: floor of the match before separation.
    event_floor : float
        Floor of the probability of an event (cymr: 1e-5), 0 for none.
    priors : mapping of str to tuple of float
        Stated by the user in the place of the parameters' own, see :mod:`kvfit.priors`.
    tied : mapping of str to str
        Parameters that have the values of others and are none of the model's own, see :mod:`kvfit.ties`.
    """

    name: str
    options: Mapping[str, Any]
    title: str
    claim: str
    reference: str
    memory_parameters: tuple[Parameter, ...]
    memory: MemoryFunction
    separation: Separation
    stopping: StoppingRule
    channels: int = 1
    semantic: bool = False
    fixed: Mapping[str, float] = field(default_factory=dict)
    support_floor: Callable[[Mapping[str, Any]], Any] | None = None
    event_floor: float = 0.0
    priors: Mapping[str, Interval] = field(default_factory=dict)
    tied: Ties = field(default_factory=dict)

    task = "free_recall"
    #: name of the observed variable
    observed = "recalls"

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """Parameters of memory, choice and stopping, the fixed ones included."""
        declared = self.memory_parameters + self.separation.parameters + self.stopping.parameters
        return stated(untied(declared, self.tied), self.priors)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters."""
        return tuple(p for p in self.all_parameters if p.name not in self.fixed)

    @property
    def label(self) -> str:
        """Name with options, e.g. ``kv_recall(query=value)``; the registry reads it back."""
        return label_of(self.name, {**self.options, **label_parts(self.priors)})

    def with_priors(self, priors: Mapping[str, Interval]) -> "RecallModel":
        """The model with priors that the user states; see :mod:`kvfit.priors`.

        Raises
        ------
        PriorError
            Listing every prior that the model cannot have.
        """
        found: RecallModel = add_priors(self, priors)
        return found

    def prior_targets(self) -> tuple[dict[str, Parameter], tuple[()]]:
        """Parameters by name, and no effects of items."""
        return {p.name: p for p in self.all_parameters}, ()

    def core(self, n_positions: int) -> CoreConfig:
        """Configuration of the compiled core for lists of up to `n_positions`."""
        return CoreConfig(
            width=padded_width(n_positions),
            channels=self.channels,
            separation=self.separation.core,
            match_stop=self.stopping.uses_match,
            semantic=self.semantic,
            support_floor=self.support_floor is not None or self.separation.core == "power",
            event_floor=self.event_floor,
        )

    def tables(
        self, p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any = np
    ) -> tuple[Any, Any, Any, Any]:
        """The four arrays of the compiled core.

        Parameters
        ----------
        p : mapping of str to tensor
            ``(cell,)`` natural-scale values of the free parameters; a value for a fixed one overrides it.
        list_length : numpy.ndarray
            ``(cell,)``.
        n_positions : int
            Longest list of the design.
        xp : module
            ``numpy`` or ``pytensor.tensor``.
        """
        p = with_tied({**{k: xp.ones(list_length.shape) * v for k, v in self.fixed.items()}, **p}, self.tied)
        memory = self.memory(p, list_length, n_positions, xp)
        stop, stop_match = self.stopping.table(p, n_positions, xp)
        floor: Any = None
        if self.support_floor is not None:
            floor = self.support_floor(p)
        elif self.separation.core == "power":
            floor = _SMALLEST_MATCH
        return assemble(memory, self.separation.values(p), stop, stop_match, xp, floor)

    def bind(self, data: "FreeRecallData") -> "RecallModel":
        """Itself: no parameter depends on the data."""
        if data.task != self.task:
            raise ValueError(f"{self.label} is a model of free recall; {data.name} holds data of {data.task}")
        return self

    def design(
        self, data: "FreeRecallData", similarity: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> "RecallDesign":
        """Lay the lists out for the core; `rows` ``(list,)`` stand for participants where parameters differ by list."""
        from kvfit.recall.design import recall_design

        if self.semantic and similarity is None:
            raise ValueError(
                f"{self.label}: needs similarity=, an array (list, position, position) of item similarities;"
                " see kv.read_similarity"
            )
        return recall_design(data, similarity if self.semantic else None, rows)

    def objective(self, design: "RecallDesign") -> "RecallObjective":
        """Log-likelihood and gradient of a participant's lists, on the unconstrained scale."""
        from kvfit.recall.objective import RecallObjective

        return RecallObjective(self, design)

    def observe(self, name: str, design: "RecallDesign", values: Mapping[str, Any]) -> Any:
        """Register the recalls in the current PyMC model."""
        from kvfit.recall.distribution import observe_recalls

        return observe_recalls(name, self, design, values)

    def log_likelihood(self, design: "RecallDesign", values: Mapping[str, np.ndarray]) -> np.ndarray:
        """``(draw, list)`` in the order of the core."""
        from kvfit.recall.likelihood import list_log_likelihood

        n_draws = len(next(iter(values.values())))
        return np.array(
            [list_log_likelihood(self, design, {k: v[d] for k, v in values.items()}) for d in range(n_draws)]
        )

    def simulate(
        self, design: "RecallDesign", values: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> np.ndarray:
        """Recall sequences ``(list, output)`` in the data's list order, Penn coding."""
        from kvfit.recall.likelihood import simulate_responses

        return simulate_responses(self, design, values, rng)
