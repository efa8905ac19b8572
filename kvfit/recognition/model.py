"""A recognition model: a memory and a decision put together, written for the design cells of a data set."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kvfit.items import ITEM_EFFECTS, ItemEffect, Items
from kvfit.memory_model import label_of
from kvfit.parameters import Parameter
from kvfit.priors import Interval, add_priors, label_parts, stated
from kvfit.recognition.binding import Binding, level_name, of_level
from kvfit.recognition.decision import Decision
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.items import find_effects, wanted_names
from kvfit.recognition.memory import Memory
from kvfit.recognition.objective import RecognitionObjective
from kvfit.recognition.scale import GENERAL_SCALE, Scale
from kvfit.ties import Ties, untied, with_tied

if TYPE_CHECKING:
    from kvfit.tasks.recognition import RecognitionData

#: Beside the general one it shows which of a decision's parameters, or of their priors, depend on the scale.
_LONGER_SCALE = Scale(n_categories=6, old_from=4)
_NUMBER = re.compile(r"\d+")
#: Numbers of one array of probabilities evaluated at once: small enough to stay in the cache.
_AT_ONCE = 200_000


@dataclass(frozen=True)
class RecognitionModel:
    """One fully specified model of recognition.

    It becomes complete when it is bound to data (:meth:`bind`), which say how many categories the scale has and which
    levels the conditions have. Before that it shows its parameters for a scale of four categories, without conditions.

    Parameters
    ----------
    name : str
        The model's name in the registry.
    options : mapping of str to object
        The options, and fixed or freed parameters, that differ from the defaults.
    title, claim, reference : str
        For reports: what it is, what it claims about memory, where it comes from.
    memory : Memory
    decision : Decision
        :class:`~kvfit.recognition.ratings.Ratings` or :class:`~kvfit.recognition.states.StateMapping`.
    by, criteria_by : str
        Columns of the trials by whose levels the parameters of memory, and those of the decision, vary; empty for none.
    fixed : mapping of str to float
        Parameters held at a value.
    binding : Binding, optional
        What was taken from data.
    items : tuple of str
        Names of the effects of items (see :meth:`with_items`); empty for none.
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
    memory: Memory
    decision: Decision
    by: str = ""
    criteria_by: str = ""
    fixed: Mapping[str, float] = field(default_factory=dict)
    binding: Binding | None = None
    items: tuple[str, ...] = ()
    priors: Mapping[str, Interval] = field(default_factory=dict)
    tied: Ties = field(default_factory=dict)

    task = "recognition"
    observed = "responses"

    @property
    def semantic(self) -> bool:
        """Whether similarities of items enter."""
        return self.memory.semantic

    @property
    def scale(self) -> Scale:
        """Response scale of the data, or a general one before the model is bound."""
        return self.binding.scale if self.binding else GENERAL_SCALE

    @cached_property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """Parameters of memory and decision at every level, the fixed ones included."""
        out: list[Parameter] = []
        for parameter, column in self._base_parameters:
            levels = self._levels(column)
            of_levels = tuple(of_level(parameter, column, level) for level in levels)
            out += stated(of_levels, self.priors) if levels else [parameter]
        return tuple(out)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters."""
        return tuple(p for p in self.all_parameters if p.name not in self.fixed)

    @property
    def label(self) -> str:
        """Name with options, e.g. ``uvsd(by=strength)``; the registry reads it back."""
        return label_of(self.name, {**self.options, **label_parts(self.priors)})

    @cached_property
    def item_effects(self) -> tuple[ItemEffect, ...]:
        """What effects of items move, in the order of `items`."""
        found = find_effects(self.items, {p.name: p for p, _ in self._base_parameters})
        return tuple(replace(effect, items=self.priors.get(f"items({effect.name})")) for effect in found)

    def with_items(self, items: Items = True) -> "RecognitionModel":
        """The model with crossed effects of items beside those of participants; see :mod:`kvfit.items`.

        Parameters
        ----------
        items : bool, str or sequence of str
            ``True`` or ``"default"``: criteria of old and of new items each, the same in all models that have criteria;
            detection and guessing where there are states. Names of parameters, with ``:old`` or ``:new`` to move them at
            such items only: ``"d_prime+criterion:new"``. ``False`` or ``"none"`` takes the effects away.

        Raises
        ------
        ValueError
            Listing every name that is no parameter of the model.
        """
        names = wanted_names(items, self._item_default())
        find_effects(names, {p.name: p for p, _ in self._base_parameters}, self.tied)
        options = {name: value for name, value in self.options.items() if name != "items"}
        gone = {f"items({name})" for name in self.items if name not in names}
        return replace(
            self,
            items=names,
            options={**options, **({"items": "+".join(names)} if names else {})},
            priors={key: interval for key, interval in self.priors.items() if key not in gone},
        )

    def with_priors(self, priors: Mapping[str, Interval]) -> "RecognitionModel":
        """The model with priors that the user states; see :mod:`kvfit.priors`.

        Before the model is bound, parameters that depend on the data (of a level of a condition, of the response scale)
        are checked as far as possible, and fully when it meets the data.

        Raises
        ------
        PriorError
            Listing every prior that the model cannot have.
        """
        found: RecognitionModel = add_priors(self, priors, self._depends_on_data)
        return found

    def prior_targets(self) -> tuple[dict[str, Parameter], tuple[ItemEffect, ...]]:
        """Parameters by name, those that stand for their values at all levels included, and effects of items."""
        base = {p.name: p for p, _ in self._base_parameters}
        return {**base, **{p.name: p for p in self.all_parameters}}, self.item_effects

    def _depends_on_data(self, name: str) -> bool:
        """Whether data decide if there is a parameter of this name, and what its own prior is."""
        if self.binding is not None:
            return False
        stem, level, _ = name.partition("[")
        columns = {p.name: column for p, column in self._base_parameters}
        if level:
            return bool(columns.get(stem, ""))
        general = self.decision.parameters(GENERAL_SCALE)
        of_scale = [p for p in self.decision.parameters(_LONGER_SCALE) if p not in general]
        # on scales that are longer still there are more of the same kind: spacing_5, detect_3
        return _NUMBER.sub("#", name) in {_NUMBER.sub("#", p.name) for p in of_scale} and name not in {
            p.name for p in general if p.name not in {one.name for one in of_scale}
        }

    def _item_default(self) -> tuple[str, ...]:
        strength = () if self.decision.moves_evidence else self.memory.by_condition[:1]
        wanted = (*(self.memory.by_item or strength), *self.decision.by_item())
        # where a parameter is tied, the effect is on the one whose value it has
        parts = (name.partition(":") for name in wanted)
        return tuple(dict.fromkeys(self.tied.get(name, name) + colon + status for name, colon, status in parts))

    @cached_property
    def _base_parameters(self) -> list[tuple[Parameter, str]]:
        """Each parameter once, with the column by whose levels it varies ("" for none)."""
        declared = self._declared(self.scale)
        columns = {p.name: column for p, column in declared}
        return [(p, columns[p.name]) for p in stated(untied([p for p, _ in declared], self.tied), self.priors)]

    def _declared(self, scale: Scale) -> list[tuple[Parameter, str]]:
        """Parameters of memory and decision, tied ones included, with the columns by whose levels they vary."""
        memory = [(p, self.by if p.name in self.memory.by_condition else "") for p in self.memory.parameters]
        varying = self.decision.by_condition(scale)
        of_scale = self.decision.parameters(scale)
        return memory + [(p, self.criteria_by if p.name in varying else "") for p in of_scale]

    def find_parameter(self, name: str) -> tuple[Parameter, str] | None:
        """A parameter by its name, and the column by whose levels it varies ("" for none).

        Before the model is bound also one that it has on longer scales only, such as ``spacing_5``.
        """
        found = {p.name: (p, column) for p, column in self._declared(self.scale)}
        if name in found or self.binding is not None:
            return found.get(name)
        of_scale = {p.name for p in self.decision.parameters(_LONGER_SCALE)}
        for p, column in self._declared(_LONGER_SCALE):
            alike = p.name in of_scale and _NUMBER.sub("#", p.name) == _NUMBER.sub("#", name)
            if alike and all(int(number) > 0 for number in _NUMBER.findall(name)):
                return replace(p, name=name), column
        return None

    def _levels(self, column: str) -> tuple[str, ...]:
        return self.binding.levels[column] if self.binding and column else ()

    def _names(self, parameter: Parameter, column: str) -> list[str]:
        """Names of a parameter at the levels of its column."""
        return [level_name(parameter.name, level) for level in self._levels(column)] or [parameter.name]

    def bind(self, data: "RecognitionData") -> "RecognitionModel":
        """The model for the scale and conditions of `data`; a bound model returns itself.

        Raises
        ------
        BindingError
            Listing every column that is missing or has no level where one is needed.
        PriorError
            Listing every prior of a parameter that there is not in these data.
        """
        from kvfit.recognition.layout import find_binding

        return self if self.binding else self.bound_to(find_binding(self, data))

    def bound_to(self, binding: Binding) -> "RecognitionModel":
        """The model for a known scale and known levels; a value held for a parameter is held at all its levels."""
        bound = replace(self, binding=binding)
        fixed = {}
        for parameter, column in bound._base_parameters:
            for name in bound._names(parameter, column):
                if name in self.fixed or parameter.name in self.fixed:
                    fixed[name] = self.fixed.get(name, self.fixed.get(parameter.name, np.nan))
        bound = replace(bound, fixed=fixed)
        return bound.with_priors({}) if self.priors else bound

    def design(
        self, data: "RecognitionData", similarity: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> RecognitionDesign:
        """Count the responses in the cells that this model tells apart.

        Parameters
        ----------
        data : RecognitionData
        similarity : numpy.ndarray, optional
            ``(trial, studied item)`` as :func:`kvfit.read_similarity` gives it, for models with `semantic`; others do not
            use it.
        rows : numpy.ndarray, optional
            ``(trial,)`` numbers from 0 that stand in the place of participants, where a participant's trials do not all have
            the same parameters (:mod:`kvfit.regression`).

        Raises
        ------
        BindingError
            If the model is bound to data of another scale or other levels, or the similarities do not fit the trials.
        ValueError
            If the model needs similarities and there are none.
        """
        from kvfit.recognition.layout import lay_out
        from kvfit.recognition.similarity import with_similarity

        if self.semantic and similarity is None:
            raise ValueError(
                f"{self.label}: needs similarity=, an array (trial, studied item) of item similarities;"
                " see kv.read_similarity"
            )
        design = lay_out(self.bind(data), data, rows)
        return design if similarity is None or not self.semantic else with_similarity(self, design, data, similarity)

    def log_probabilities(self, design: RecognitionDesign, values: Mapping[str, Any], xp: Any = np) -> Any:
        """Log probability of every response category in every cell.

        Parameters
        ----------
        design : RecognitionDesign
        values : mapping of str to array or tensor
            ``(..., participant)`` natural-scale values of the free parameters; a value for a fixed one overrides it. With
            `items` also ``item_effects``, ``(..., item, effect)`` on the unconstrained scale.
        xp : module
            ``numpy`` or ``pytensor.tensor`` (then without leading axes).

        Returns
        -------
        array or tensor
            ``(..., cell, category)``.
        """
        p = self._cell_values(design, values, xp)
        evidence = self.memory.evidence(p, design, xp)
        return self.decision.log_probabilities(evidence, p, self.scale, xp)

    def log_responses(self, design: RecognitionDesign, values: Mapping[str, Any], response: Any, xp: Any = np) -> Any:
        """Log probability of one response in every cell: those of :meth:`log_probabilities`, at less cost.

        Parameters
        ----------
        design : RecognitionDesign
        values : mapping of str to array or tensor
        response : array or tensor of int
            ``(cell,)`` category from 1.
        xp : module

        Returns
        -------
        array or tensor
            ``(..., cell)``.
        """
        p = self._cell_values(design, values, xp)
        evidence = self.memory.evidence(p, design, xp)
        return self.decision.log_responses(evidence, p, self.scale, response, xp)

    def _cell_values(self, design: RecognitionDesign, values: Mapping[str, Any], xp: Any) -> dict[str, Any]:
        """Values ``(..., cell)`` of every parameter: those of each cell's participant, level and item."""
        if self.binding is None:
            raise RuntimeError(f"{self.label}: not bound to data; use model.bind(data)")
        persons = {name: value for name, value in values.items() if name != ITEM_EFFECTS}
        persons = dict(self._complete(design, persons, xp))
        p = {
            parameter.name: self._in_cells(parameter, column, design, persons, xp)
            for parameter, column in self._base_parameters
        }
        for k, effect in enumerate(self.item_effects):
            if design.item is None or ITEM_EFFECTS not in values:
                raise ValueError(f"{self.label}: needs {ITEM_EFFECTS}= (item, effect) and a design with items")
            of_cell = values[ITEM_EFFECTS][..., k][..., design.item]
            name = effect.parameter.name
            p[name] = effect.parameter.shifted(p[name], effect.at(design.old, of_cell), xp)
        return dict(with_tied(p, self.tied))

    def _complete(self, design: RecognitionDesign, values: Mapping[str, Any], xp: Any) -> Mapping[str, Any]:
        """Values with those of the fixed parameters, of one shape."""
        held = {name: np.full(design.n_participants, v) for name, v in self.fixed.items() if name not in values}
        if not held:
            return values
        both = {**values, **held}
        return dict(zip(both, np.broadcast_arrays(*both.values()), strict=True)) if xp is np else both

    def _in_cells(
        self, parameter: Parameter, column: str, design: RecognitionDesign, values: Mapping[str, Any], xp: Any
    ) -> Any:
        """Values ``(..., cell)`` of a parameter: those of each cell's participant and level."""
        found = [values[name] for name in self._names(parameter, column)]
        if len(found) == 1:
            return found[0][..., design.participant]
        return xp.stack(found, axis=-1)[..., design.participant, design.levels[column]]

    def objective(self, design: RecognitionDesign) -> RecognitionObjective:
        """Log-likelihood of one participant's design on the unconstrained scale.

        Raises
        ------
        ValueError
            With `items`: one participant meets an item once or twice, so that its effect is known only from the others.
        """
        if self.items:
            raise ValueError(
                f"{self.label}: effects of items cannot be estimated from one participant, who is tested once or twice on"
                " an item, and so not by maximum likelihood per participant; fit the posterior (method=posterior,"
                " kv.fit), where all participants inform them, or leave items out"
            )
        return RecognitionObjective(self, design)

    def observe(self, name: str, design: RecognitionDesign, values: Mapping[str, Any]) -> Any:
        """Register the observed counts ``(cell, category)`` in the current PyMC model, or responses of single trials.

        Responses ``(trial,)`` are registered where items or their similarities make each trial a cell of its own.

        Parameters
        ----------
        name : str
            Of the variable.
        design : RecognitionDesign
        values : mapping of str to TensorVariable
            ``(participant,)`` on the natural scale, and with `items` ``item_effects``, ``(item, effect)``.
        """
        import pytensor.tensor as pt

        from kvfit.recognition.distribution import count_distribution, response_distribution

        if self.items or (self.semantic and design.of_trials):
            return response_distribution(name, self, design, values)
        return count_distribution(name, design, self.log_probabilities(design, values, pt))

    def log_likelihood(self, design: RecognitionDesign, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Log-likelihood ``(draw, unit)`` of one trial of each unit, for values ``(draw, participant)``."""
        arrays = {k: np.asarray(v, dtype=float) for k, v in values.items()}
        n_draws = max((len(v) for v in arrays.values()), default=1)
        out = np.empty((n_draws, design.n_units))
        size = max(1, _AT_ONCE // design.counts.size)
        for start in range(0, n_draws, size):
            part = {k: v[start : start + size] for k, v in arrays.items()}
            if design.of_trials:  # cells, units and trials are the same
                out[start : start + size] = self.log_responses(design, part, design.response)
                continue
            table = self.log_probabilities(design, part)
            out[start : start + size] = table[..., design.unit_cell, design.unit_category]
        return out

    def simulate(
        self, design: RecognitionDesign, values: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> np.ndarray:
        """Responses ``(trial,)`` from 1, in the data's order, for values ``(participant,)``."""
        probabilities = np.exp(self.log_probabilities(design, values))
        if not np.isfinite(probabilities).all():
            cell = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
            raise ValueError(
                f"{self.label}: no response probabilities at the values of participant number"
                f" {design.participant[cell] + 1}, {'old' if design.old[cell] else 'new'} items; use less extreme values"
            )
        below = np.cumsum(probabilities, axis=-1)[:, :-1]
        drawn = rng.random(design.n_observations)
        return 1 + (drawn[:, None] > below[design.cell_of_trial]).sum(axis=1)
