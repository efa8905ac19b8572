"""Is the true model chosen? Simulate the user's experiment from every model, fit all, and count the choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from kvfit.batch.job import Job
from kvfit.batch.runner import Batch
from kvfit.memory_model import MemoryModel
from kvfit.recovery.intervals import jeffreys_interval
from kvfit.recovery.replicates import INTERVAL, Method
from kvfit.recovery.study import Fitting, Where, bound_models, check_replicates, inputs_of
from kvfit.recovery.truth import Truth, true_values
from kvfit.recovery.words import design_words, fitting_words, truth_words
from kvfit.recovery.writing import write_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Criterion = Literal["aic", "bic", "elpd"]
Level = Literal["group", "person"]
#: Chance of the right choice from which models count as told apart.
ENOUGH = 0.9


@dataclass(frozen=True, eq=False)
class Confusion:
    """Which model is chosen when which is true.

    Parameters
    ----------
    models : tuple of str
    scores : pandas.DataFrame
        One row a simulated data set, participant and fitted model: ``generator``, ``replicate``, ``participant`` (index),
        ``model``, and what is chosen by, the more the better: ``aic`` and ``bic`` (as minus half of the criterion, in units
        of log-likelihood), or ``elpd``.
    criterion : {"aic", "bic", "elpd"}
    design, method, truth : str
        In words.
    batch : Batch
        With the failures. A data set that some model failed to fit is left out.
    """

    models: tuple[str, ...]
    scores: pd.DataFrame
    criterion: Criterion
    design: str
    method: str
    truth: str
    batch: Batch

    def choices(self, level: Level = "group") -> pd.DataFrame:
        """Which model every data set, or every single participant, would choose.

        Parameters
        ----------
        level : {"group", "person"}
            One choice for all participants of a data set by the summed criterion; or one for each.

        Returns
        -------
        pandas.DataFrame
            ``generator``, ``replicate``, (``participant``,) ``chosen``, ``lead`` over the second, in units of
            log-likelihood.
        """
        by = ["generator", "replicate"] + ["participant"] * (level == "person")
        total = totals(self.scores, by, self.criterion, self.models)
        ordered = np.sort(total.to_numpy(), axis=1)
        lead = ordered[:, -1] - ordered[:, -2] if len(self.models) > 1 else np.zeros(len(total))
        return total.idxmax(axis=1).rename("chosen").reset_index().assign(lead=lead)

    def table(self, level: Level = "group") -> pd.DataFrame:
        """How often each model is chosen (``chosen``), given the true one (``generator``).

        Returns
        -------
        pandas.DataFrame
            ``generator``, ``chosen``, ``count``, ``n``, ``share``, and its 90 % interval (Jeffreys) ``lower``, ``upper``.
            Participants of a data set count as independent, which they are given the models.
        """
        choices = self.choices(level)
        rows = []
        for generator in self.models:
            own = choices.loc[choices["generator"] == generator, "chosen"]
            for model in self.models:
                rows.append(_row(generator, model, int((own == model).sum()), len(own)))
        return pd.DataFrame(rows)

    def inverse(self, level: Level = "group") -> pd.DataFrame:
        """How probable each true model is, given the chosen one, if all models are equally likely beforehand.

        Returns
        -------
        pandas.DataFrame
            The columns of :meth:`table`; ``n`` counts the choices of the model.
        """
        table = self.table(level)
        rows = []
        for model in self.models:
            column = table[table["chosen"] == model].set_index("generator")
            counts, shares = (
                dict(zip(column.index, column[name].tolist(), strict=True)) for name in ("count", "share")
            )
            total = float(np.nansum(list(shares.values())))
            for generator in self.models:
                row = _row(generator, model, int(counts[generator]), sum(counts.values()))
                # rows of different size (failed fits) count alike
                row["share"] = shares[generator] / total if total else np.nan
                rows.append(row)
        return pd.DataFrame(rows)

    def verdict(self) -> str:
        """Whether this design can tell these models apart, in words."""
        return confusion_verdict(self)

    def __str__(self) -> str:
        """Matrix, inverse and verdict as text."""
        parts = []
        for title, table in (("Chosen, given the truth", self.table()), ("Truth, given the choice", self.inverse())):
            shown = table.pivot_table(index="generator", columns="chosen", values="share", dropna=False)
            shown = shown.loc[list(self.models), list(self.models)].rename_axis(columns=None, index="simulated from")
            parts.append(f"{title}\n{shown.round(2).to_string()}")
        return "\n\n".join([*parts, self.verdict()])

    def figure(self, level: Level = "group") -> "Figure":
        """Draw the confusion matrix and its inverse, with counts and intervals."""
        from kvfit.reports.figures.recovery import confusion_figure

        what = "data sets" if level == "group" else "single participants"
        labels = {label: label for label in self.models}
        return confusion_figure(self.table(level), self.inverse(level), labels, what)

    def write(self, folder: str | Path) -> Path:
        """Write the matrix, its inverse and pictures, for groups and single participants, the choices and the verdict."""
        tables = {"confusion": self.table(), "inverse": self.inverse(), "choices": self.choices()}
        tables |= {"confusion_persons": self.table("person"), "inverse_persons": self.inverse("person")}
        figures = {"confusion": self.figure(), "confusion_persons": self.figure("person")}
        return write_study(folder, tables, figures, self.verdict())


def totals(scores: pd.DataFrame, by: list[str], criterion: str, models: Sequence[str]) -> pd.DataFrame:
    """Sum a criterion over participants: one row a group of `by`, one column a model.

    Groups in which a model failed, or a participant has no value, are left out.
    """
    found = scores.pivot_table(index=by, columns="model", values=criterion, aggfunc=_whole_sum, dropna=False)
    return found.reindex(columns=list(models)).dropna()


def _whole_sum(values: pd.Series) -> float:
    return float(values.sum(skipna=False))


def confusion_verdict(found: Confusion) -> str:
    """Say whether the models can be told apart."""
    table = found.table()
    right = table[table["generator"] == table["chosen"]].set_index("generator")
    count, n = int(right["count"].sum()), int(right["n"].sum())
    if int(right["n"].min()) == 0:
        return f"No answer: of some model no simulated data set was fitted by all models. {found.batch.words()}".strip()
    lower, upper = jeffreys_interval(count, n, INTERVAL)
    row: Any = right.reset_index().loc[int(right["share"].to_numpy().argmin())]
    worst = row["generator"]
    name = {"aic": "AIC", "bic": "BIC", "elpd": "PSIS-LOO"}[found.criterion]
    what = (
        f"With {found.design} ({found.method}, choice by {name}, true values {found.truth}), the right model is chosen in"
        f" {count} of {n} simulated data sets ({count / n:.0%}, 90 % interval {lower:.0%} to {upper:.0%})"
    )
    weakest = f"{worst} is found in {int(row['count'])} of {int(row['n'])} ({row['lower']:.0%} to {row['upper']:.0%})"
    mistaken = table[(table["generator"] == worst) & (table["chosen"] != worst)].sort_values("count", ascending=False)
    if len(mistaken) and mistaken["count"].iloc[0]:
        weakest += f", else mostly taken for {mistaken['chosen'].iloc[0]}"
    if row["lower"] >= ENOUGH:
        text = f"Yes, these models can be told apart. {what}; least often: {weakest}."
    elif row["upper"] < ENOUGH:
        text = f"No, not all of these models can be told apart reliably. {what}; {weakest}."
    else:
        text = (
            f"Undecided with so few simulations: whether every model is found in {ENOUGH:.0%} of cases needs more"
            f" replicates. {what}; least often: {weakest}."
        )
    persons = found.table("person")
    alone = persons[persons["generator"] == persons["chosen"]]
    text += f" A single participant's own data choose the right model in {alone['share'].mean():.0%} of cases."
    return f"{text} {fitting_words(found.batch)}".strip()


def _row(generator: str, chosen: str, count: int, n: int) -> dict[str, Any]:
    lower, upper = jeffreys_interval(count, n, INTERVAL)
    share = count / n if n else np.nan
    return {
        "generator": generator, "chosen": chosen, "count": count, "n": n, "share": share, "lower": float(lower),
        "upper": float(upper),
    }  # fmt: skip


def confuse(
    models: Sequence[str | MemoryModel],
    data: Any,
    *,
    method: Method = "ml",
    criterion: Criterion | None = None,
    truth: Truth | Mapping[str, Truth] = "prior",
    replicates: int = 20,
    starts: int = 6,
    seed: int = 0,
    similarity: np.ndarray | None = None,
    store: str | Path | None = None,
    workers: int = 1,
    dask: str | None = None,
    show_progress: bool = True,
    **settings: Any,
) -> Confusion:
    """Simulate an experiment from each of several models, fit all of them, and count which is chosen.

    Parameters
    ----------
    models : sequence of str or MemoryModel
        Two or more.
    data : FreeRecallData or RecognitionData
        Whose participants, lists (trials), list lengths and conditions are simulated; or a design, see
        :func:`kvfit.free_recall_design`, :func:`kvfit.recognition_design`.
    method : {"ml", "map", "posterior"}
    criterion : {"aic", "bic", "elpd"}, optional
        What the choice is made by: default AIC with ``ml``, PSIS-LOO with ``posterior`` (and nothing else there). The
        same results serve AIC and BIC. ``map`` estimates have no criterion.
    truth : {"prior", "fit"}, Fit, PointFit, pandas.DataFrame, or a mapping from labels of models to these
        Where true values come from. ``"fit"`` (MAP estimates of the people in `data`) asks about people like these;
        ``"prior"`` about all that the models allow.
    replicates : int
        Simulated data sets from each model.
    starts, seed, similarity, store, workers, dask, show_progress
        As for :func:`kvfit.recover`.
    **settings
        Of posterior fits, as for :func:`kvfit.fit`.

    Returns
    -------
    Confusion

    Raises
    ------
    ModelError, ValueError
        For what cannot work, before anything is computed.
    BatchError
        If every fit failed.

    Notes
    -----
    Confusion matrix and its inverse: Wilson & Collins (2019), eLife 8, e49547.
    """
    where = Where(store, workers, dask, show_progress)
    fitting = Fitting(method, starts, where.with_cores(settings))
    chosen_by = check_criterion(criterion, method)
    if len(models) < 2:
        raise ValueError(f"models: expected two or more, found {len(models)}")
    check_replicates(replicates)
    bound = bound_models(models, data, method, similarity)
    sources = _sources(truth, bound)
    inputs = inputs_of(bound, data, similarity)
    jobs: list[Job] = []
    places: list[tuple[str, int, str]] = []
    for generator in bound:
        truths = true_values(
            sources[generator.label], generator, data, data, replicates, seed, pooling=fitting.pooling,
            correlated=fitting.correlated, similarity=similarity, show_progress=show_progress,
        )  # fmt: skip
        for k, values in enumerate(truths):
            for model in bound:
                label = f"{generator.label} as {model.label}"
                jobs.append(fitting.job(generator, values, seed, k, model, inputs, label))
                places.append((generator.label, k + 1, model.label))
    batch = where.run(jobs, "model recovery")
    scores = _scores(places, batch, method)
    return Confusion(
        tuple(model.label for model in bound), scores, chosen_by, design_words(data), fitting.words,
        _truth_words(truth), batch,
    )  # fmt: skip


def check_criterion(criterion: Criterion | None, method: Method) -> Criterion:
    """Return the criterion of a method, or say what is possible.

    Raises
    ------
    ValueError
    """
    if method == "map":
        raise ValueError("method: MAP estimates have no criterion to choose models by; take 'ml' or 'posterior'")
    if criterion is None:
        return "elpd" if method == "posterior" else "aic"
    if criterion not in get_args(Criterion) or (criterion == "elpd") != (method == "posterior"):
        raise ValueError(
            f"criterion: expected 'aic' or 'bic' with method='ml', 'elpd' with method='posterior'; found {criterion!r}"
            f" with {method!r}"
        )
    return criterion


def _sources(truth: Truth | Mapping[str, Truth], models: Sequence[MemoryModel]) -> dict[str, Truth]:
    labels = [model.label for model in models]
    if not isinstance(truth, Mapping):
        if len(labels) > 1 and not isinstance(truth, str):
            raise ValueError(f"truth: values of one model; give a mapping with one for each of {', '.join(labels)}")
        return dict.fromkeys(labels, truth)
    wrong = [f"{label}: missing" for label in labels if label not in truth]
    wrong += [f"{label}: not among the models" for label in truth if label not in labels]
    if wrong:
        raise ValueError("truth:\n  " + "\n  ".join(wrong))
    return dict(truth)


def _truth_words(truth: Any) -> str:
    each = truth.values() if isinstance(truth, Mapping) else [truth]
    return " or ".join(dict.fromkeys(truth_words(one) for one in each))


def _scores(places: list[tuple[str, int, str]], batch: Batch, method: Method) -> pd.DataFrame:
    frames = []
    for (generator, replicate, model), result in zip(places, batch.results, strict=True):
        if result is None:
            continue
        names = {"elpd": 1.0} if method == "posterior" else {"aic": -0.5, "bic": -0.5}
        columns = {name: factor * np.array(result[name], dtype=float) for name, factor in names.items()}
        n = len(next(iter(columns.values())))
        where = {"generator": generator, "replicate": replicate, "participant": np.arange(n), "model": model}
        frames.append(pd.DataFrame(where | columns))
    return pd.concat(frames, ignore_index=True)
