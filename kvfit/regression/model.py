"""A memory model some of whose parameters depend on conditions by formulas."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from kvfit.items import ITEM_EFFECTS, ItemEffect, Items, effects_of_items
from kvfit.memory_model import MemoryModel
from kvfit.parameters import Parameter
from kvfit.priors import (
    PERSONS,
    Interval,
    PriorError,
    Target,
    add_priors,
    label_parts,
    priors_of,
    stated,
    with_priors,
    without_priors,
)
from kvfit.regression.checks import (
    column_problems,
    conditions,
    constant_within,
    matrix_problems,
    parameter_problems,
    typed,
)
from kvfit.regression.columns import Columns
from kvfit.regression.design import RegressionDesign, distinct_rows
from kvfit.regression.formula import Formula, FormulaError, Formulas, formula_texts, read_formula
from kvfit.regression.objective import RegressionObjective
from kvfit.ties import formula_problems


@dataclass(frozen=True)
class RegressionModel:
    """A memory model like any other, whose parameters are those of the formulas.

    A parameter with a formula becomes levels and shifts (:mod:`kvfit.regression.columns`), each of which has a prior and
    may differ between persons; everything that fits, compares, simulates or checks models works with them. It is complete
    when it is bound to data.

    Parameters
    ----------
    base : MemoryModel
        Without formulas.
    formulas : tuple of Formula
        Sorted by parameter.
    bound : tuple of Columns, optional
        The formulas' columns in the data to which the model is bound.
    priors : mapping of str to tuple of float
        Stated by the user for levels and shifts; those of parameters without a level belong to `base`. See
        :mod:`kvfit.priors`.
    """

    base: MemoryModel
    formulas: tuple[Formula, ...]
    bound: tuple[Columns, ...] | None = None
    priors: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name in the registry."""
        return self.base.name

    @property
    def task(self) -> str:
        """``free_recall`` or ``recognition``."""
        return self.base.task

    @property
    def observed(self) -> str:
        """Name of the observed variable."""
        return self.base.observed

    @property
    def label(self) -> str:
        """Name with options and formulas, e.g. ``cmr(beta_enc ~ list_type + (1 | subject))``; the registry reads it."""
        own = [f"{part}={interval}" for part, interval in sorted(label_parts(self.priors).items())]
        base, inside = self.base.label, ", ".join([*map(str, self.formulas), *own])
        return f"{base[:-1]}, {inside})" if base.endswith(")") else f"{base}({inside})"

    @property
    def title(self) -> str:
        """What it is."""
        return self.base.title

    @property
    def claim(self) -> str:
        """What it claims about memory."""
        return self.base.claim

    @property
    def reference(self) -> str:
        """Where it comes from."""
        return self.base.reference

    @property
    def options(self) -> Mapping[str, Any]:
        """Options that differ from the defaults, and the formulas."""
        return {**self.base.options, **{f"formula of {f.parameter}": f"~ {f.text}" for f in self.formulas}}

    @property
    def fixed(self) -> Mapping[str, float]:
        """Parameters held at a value."""
        return self.base.fixed

    @property
    def semantic(self) -> bool:
        """Whether similarities of items enter."""
        return self.base.semantic

    @property
    def item_effects(self) -> tuple[ItemEffect, ...]:
        """Effects of items, as of the model without formulas."""
        return effects_of_items(self.base)

    @cached_property
    def columns(self) -> dict[str, Columns]:
        """Columns by parameter; empty before the model is bound."""
        return {c.formula.parameter: c for c in self.bound or ()}

    @cached_property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The parameters, the fixed ones included: levels and shifts in the place of a parameter with a formula."""
        out: list[Parameter] = []
        for p in self.base.all_parameters:
            found = self.columns.get(p.name)
            out += [p] if found is None else stated((*found.levels, *found.shifts), self.priors)
        return tuple(out)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The free parameters."""
        return tuple(p for p in self.all_parameters if p.name not in self.fixed)

    def with_items(self, items: Items = True) -> "RegressionModel":
        """The model with crossed effects of items; see :class:`~kvfit.recognition.model.RecognitionModel`."""
        from kvfit.registry import with_items

        return replace(self, base=with_items(self.base, items))

    def with_priors(self, priors: Mapping[str, Interval]) -> "RegressionModel":
        """The model with priors that the user states; see :mod:`kvfit.priors`.

        A prior of a parameter with a formula is that of all its levels, and its shifts follow; those of one level or shift
        are checked when the model meets the data.

        Raises
        ------
        PriorError
            Listing every prior that the model cannot have.
        """
        own = {key: interval for key, interval in priors.items() if self._of_formula(Target.read(key).name)}
        rest = {key: interval for key, interval in priors.items() if key not in own}
        problems: list[str] = []
        found = self
        try:
            found = found._on(with_priors(found.base, rest))
        except PriorError as error:
            problems += error.problems
        try:
            found = add_priors(found, own, self._of_formula if self.bound is None else lambda name: False)
        except PriorError as error:
            problems += error.problems
        problems += found._shared_values()
        if problems:
            raise PriorError(self.label, problems)
        return found

    def without_priors(self) -> "RegressionModel":
        """The model with its own priors."""
        return replace(self._on(without_priors(self.base)), priors={})

    def prior_targets(self) -> tuple[dict[str, Parameter], tuple[ItemEffect, ...]]:
        """Levels and shifts by name, once they are known; effects of items are the base's."""
        found = stated(tuple(p for c in self.bound or () for p in (*c.levels, *c.shifts)), self.priors)
        return {p.name: p for p in found}, ()

    def _on(self, base: MemoryModel) -> "RegressionModel":
        """The model with another base, of the same parameters with other priors."""
        by_name = {p.name: p for p in base.all_parameters}
        bound = self.bound and tuple(replace(c, parameter=by_name[c.formula.parameter]) for c in self.bound)
        return replace(self, base=base, bound=bound)

    def _of_formula(self, name: str) -> bool:
        """Whether a name is one of a level or shift: ``beta_enc[mixed]``, ``beta_enc:list_type[mixed]``."""
        return any(name.startswith((f"{f.parameter}[", f"{f.parameter}:")) for f in self.formulas)

    def _shared_values(self) -> list[str]:
        """Ranges of persons of parameters in which, by their formula, persons do not differ."""
        return [
            f"{Target(PERSONS, name).key}: all persons share one value of {name}; add (1 | subject) to its formula"
            for name, columns in self.columns.items()
            if Target(PERSONS, name).key in priors_of(self.base) and not any(level.varies for level in columns.levels)
        ]

    def bind(self, data: Any) -> "RegressionModel":
        """The model for these data; a bound model returns itself.

        Raises
        ------
        FormulaError
            Listing everything that is wrong with the formulas in these data.
        """
        if self.bound is not None:
            return self
        base = self.base.bind(data)
        problems, found = [], []
        by_name = {p.name: p for p in base.parameters}
        for formula in self.formulas:
            wrong = parameter_problems(formula.parameter, base)
            used = _used(base, formula.parameter, data)
            wrong += column_problems(formula, base, data, used)
            if not wrong:
                frame = typed(conditions(data)[used], formula.variables)
                columns = Columns(formula, by_name[formula.parameter], frame)
                wrong = _evaluation_problems(columns) or matrix_problems(columns, data.participant[used])
                found.append(columns)
            problems += wrong
        if problems:
            raise FormulaError(f"{self.base.label} on {data.name}", problems)
        model = replace(self, base=base, bound=tuple(found))
        return model.with_priors({}) if self.priors or priors_of(base) else model

    def design(self, data: Any, similarity: np.ndarray | None = None) -> RegressionDesign:
        """Lay the responses out in rows of a person and a set of conditions.

        Raises
        ------
        FormulaError
            If a column is missing, or has values that the model does not know.
        """
        model = self.bind(data)
        level: dict[str, np.ndarray] = {}
        shift: dict[str, np.ndarray] = {}
        problems = []
        for name, columns in model.columns.items():
            used = _used(model.base, name, data)
            wrong = [f"{columns.formula}: column {v}: missing" for v in columns.frame if v not in conditions(data)]
            if not wrong:
                frame = _known(columns, conditions(data)[used])
                strange = [str(v) for v in frame if frame[v].isna().any()]
                wrong = [f"{columns.formula}: column {v}: has values that the model does not know" for v in strange]
            problems += wrong
            if not wrong:
                # where the parameter does not matter it has its first level, unmoved
                level[name] = np.zeros(used.size, np.int64)
                shift[name] = np.zeros((used.size, len(columns.shifts)))
                level[name][used], shift[name][used] = columns.at(frame)
        if problems:
            raise FormulaError(f"{model.label} on {data.name}", problems)
        first, row = distinct_rows(np.asarray(data.participant), level, shift)
        rows = model.base.design(data, similarity, rows=row)  # type: ignore[call-arg]
        return RegressionDesign(
            rows,
            np.asarray(data.participant)[first].astype(np.int64),
            {name: values[first] for name, values in level.items()},
            {name: values[first] for name, values in shift.items()},
            data.n_participants,
        )

    def row_values(self, design: RegressionDesign, values: Mapping[str, Any], xp: Any = np) -> dict[str, Any]:
        """Values ``(..., row)`` of the model without formulas, for values ``(..., participant)`` of this one."""
        person = design.row_participant
        out: dict[str, Any] = {}
        for p in self.base.all_parameters:
            columns = self.columns.get(p.name)
            if columns is None:
                if p.name in values:
                    out[p.name] = values[p.name][..., person]
                continue
            found = [values[level.name] for level in columns.levels]
            level = design.level[p.name]
            value = found[0][..., person] if len(found) == 1 else xp.stack(found, axis=-1)[..., person, level]
            if columns.shifts:
                moves = zip(columns.shifts, design.shift[p.name].T, strict=True)
                by = sum(values[shift.name][..., person] * x for shift, x in moves)
                value = p.shifted(value, by, xp)
            out[p.name] = value
        if ITEM_EFFECTS in values:
            out[ITEM_EFFECTS] = values[ITEM_EFFECTS]
        return out

    @property
    def conditions_fingerprint(self) -> str:
        """Hash of the columns that the formulas use: the same responses under other conditions are another request."""
        text = "\n".join(f"{c.formula}\n{c.frame.astype(str).to_csv(index=False)}" for c in self.bound or ())
        return hashlib.sha256(text.encode()).hexdigest()

    def log_probabilities(self, design: RegressionDesign, values: Mapping[str, Any], xp: Any = np) -> Any:
        """Log probability of every response category in every cell ``(..., cell, category)``, of recognition models."""
        base: Any = self.base
        return base.log_probabilities(design.rows, self.row_values(design, values, xp), xp)

    def objective(self, design: RegressionDesign) -> RegressionObjective:
        """Log-likelihood of a participant's design on the unconstrained scale."""
        return RegressionObjective(self, design)

    def observe(self, name: str, design: RegressionDesign, values: Mapping[str, Any]) -> Any:
        """Register the observed responses in the current PyMC model."""
        import pytensor.tensor as pt

        return self.base.observe(name, design.rows, self.row_values(design, values, pt))

    def log_likelihood(self, design: RegressionDesign, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """``(draw, unit)`` for values ``(draw, participant)``."""
        arrays = {k: np.asarray(v, dtype=float) for k, v in values.items()}
        return self.base.log_likelihood(design.rows, self.row_values(design, arrays))

    def simulate(
        self, design: RegressionDesign, values: Mapping[str, np.ndarray], rng: np.random.Generator
    ) -> np.ndarray:
        """Responses to all observations, for values ``(participant,)``."""
        arrays = {k: np.asarray(v, dtype=float) for k, v in values.items()}
        return self.base.simulate(design.rows, self.row_values(design, arrays), rng)


def with_formulas(model: MemoryModel, formulas: Formulas) -> RegressionModel:
    """A model whose parameters depend on conditions.

    Parameters
    ----------
    model : MemoryModel
    formulas : str, sequence of str, or mapping of str to str
        ``{"beta_enc": "~ list_type + (1 + list_type | subject)"}``, or as texts ``"beta_enc ~ ..."``.

    Raises
    ------
    FormulaError
        Listing every formula that cannot be read.
    """
    texts = formula_texts(formulas)
    before: tuple[Formula, ...] = ()
    if isinstance(model, RegressionModel):
        if model.bound is not None:
            raise FormulaError(model.label, ["bound to data already; give formulas to the unbound model"])
        before, model = model.formulas, model.base
    problems = [f"{f.parameter}: has a formula already: {f}" for f in before if f.parameter in texts]
    problems += [problem for name in texts for problem in formula_problems(name, model)]
    read: list[Formula] = list(before)
    for name, text in texts.items():
        try:
            read.append(read_formula(name, text))
        except FormulaError as error:
            problems += error.problems
    if problems or not texts:
        raise FormulaError(model.label, problems or ["none was given"])
    return RegressionModel(model, tuple(sorted(read, key=lambda f: f.parameter)))


def require_persons_alone(model: MemoryModel, data: Any) -> None:
    """Refuse to estimate persons one at a time where a formula compares persons with one another.

    Parameters
    ----------
    model : MemoryModel
        Bound to the data; one without formulas passes.
    data : FreeRecallData or RecognitionData

    Raises
    ------
    FormulaError
        Naming the terms that are constant within every participant.
    """
    if not isinstance(model, RegressionModel):
        return
    problems = []
    for name, columns in model.columns.items():
        person = np.asarray(data.participant)[_used(model.base, name, data)]
        still = constant_within(columns.matrix, person)
        fixed = [label for label, one in zip(columns.labels, still, strict=True) if one][columns.n_levels == 1 :]
        if fixed:
            problems.append(
                f"{columns.formula}: {', '.join(fixed)} is constant within every participant, and nothing of one person's"
                " responses tells its effect; sample the posterior with pooling='partial', or leave it out"
            )
    if problems:
        raise FormulaError(f"{model.label} on {data.name}, each participant alone", problems)


def _used(base: MemoryModel, parameter: str, data: Any) -> np.ndarray:
    """At which observations ``(observation,)`` a parameter matters: those of memory by condition at old items only."""
    memory: Any = getattr(base, "memory", None)
    if data.task == "recognition" and parameter in memory.by_condition:
        old: np.ndarray = np.asarray(data.old, dtype=bool)
        return old
    return np.ones(len(data.participant), dtype=bool)


def _known(columns: Columns, table: Any) -> Any:
    """The columns of a formula in other data, typed as they were in the data to which it was bound."""
    import pandas as pd

    names = [str(v) for v in columns.frame]
    levels = {v: list(columns.frame[v].cat.categories) for v in names if hasattr(columns.frame[v], "cat")}
    out = typed(table, tuple(levels), levels)
    for name in (v for v in names if v not in levels):
        out[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
    return out


def _evaluation_problems(columns: Columns) -> list[str]:
    """What formulae says against the formula in these data."""
    try:
        columns.common, columns.own  # noqa: B018
    except Exception as error:  # user's functions may fail in any way
        return [f"{columns.formula}: cannot be evaluated: {type(error).__name__}: {error}"]
    return []
