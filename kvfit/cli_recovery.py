"""The commands `kvfit recover`, `kvfit confuse` and `kvfit calibrate`.

Everything but typer is loaded inside the command.
"""

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kvfit.cli_options import Experiment, Prior, Quiet, Reading, Sampling, Source, Starts, Store, Work, grouped
from kvfit.cli_steps import load, read_similarity, say, state_priors

if TYPE_CHECKING:
    import numpy as np

    from kvfit.memory_model import MemoryModel

recovery_app = typer.Typer(rich_markup_mode=None)

Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder for tables, pictures and the verdict.")]
Truth = Annotated[str, typer.Option(help="True values: prior, or fit (MAP estimates of the people in the data).")]
Replicates = Annotated[int, typer.Option(help="Simulated data sets from each model.", min=1)]
ModelNames = Annotated[list[str], typer.Argument(metavar="MODELS...", help="Two or more models.")]
TryParticipants = Annotated[str | None, typer.Option(metavar="N,N,...", help="Numbers of participants to try.")]
TryLists = Annotated[str | None, typer.Option(metavar="N,N,...", help="Numbers of lists a person to try.")]
TryTrials = Annotated[str | None, typer.Option(metavar="N,N,...", help="Numbers of test trials a person to try.")]


@recovery_app.command()
@grouped
def recover(
    model: Annotated[str, typer.Argument(help="Model, with options if wanted.")],
    source: Experiment,
    reading: Reading,
    sampling: Sampling,
    work: Work,
    prior: Prior = None,
    method: Annotated[str, typer.Option(help="ml, map, or posterior (minutes for each data set).")] = "ml",
    truth: Truth = "prior",
    replicates: Annotated[int, typer.Option(help="Simulated data sets.", min=1)] = 10,
    starts: Starts = 6,
    store: Store = Path("fits"),
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Are a model's parameters found again on this experiment? Correlation, bias, error, coverage of intervals."""
    import kvfit as kv

    wanted = kv.get_model(model)
    data, similarity = _experiment(source, reading, [wanted], truth)
    (wanted,) = state_priors([wanted], prior, data)
    found = kv.recover(
        wanted, data, method=method, truth=truth, replicates=replicates, starts=starts, similarity=similarity,  # type: ignore[arg-type]
        **_settings(method, sampling, work, store, quiet),
    )  # fmt: skip
    _tell(found, output)


@recovery_app.command()
@grouped
def confuse(
    model_names: ModelNames,
    source: Experiment,
    reading: Reading,
    sampling: Sampling,
    work: Work,
    prior: Prior = None,
    method: Annotated[str, typer.Option(help="ml, or posterior (minutes for each fit).")] = "ml",
    criterion: Annotated[str | None, typer.Option(help="aic or bic; posterior: elpd.")] = None,
    truth: Truth = "prior",
    replicates: Replicates = 20,
    try_participants: TryParticipants = None,
    try_lists: TryLists = None,
    try_trials: TryTrials = None,
    starts: Starts = 6,
    store: Store = Path("fits"),
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Can this experiment tell models apart? Simulate from each, fit all, count which is chosen.

    With --try-participants 6,12,24 (and --try-lists 4,8,16 or --try-trials 50,100) the chance of the right choice for
    experiments of these sizes.
    """
    import kvfit as kv

    models = [kv.get_model(name) for name in model_names]
    data, similarity = _experiment(source, reading, models, truth)
    models = state_priors(models, prior, data)
    settings = _settings(method, sampling, work, store, quiet)
    common: dict[str, Any] = {"criterion": criterion, "truth": truth, "replicates": replicates, "starts": starts}
    sizes, numbers = _numbers("--try-participants", try_participants), _observations(data, try_lists, try_trials)
    if sizes is None and numbers is None:
        _tell(kv.confuse(models, data, method=method, similarity=similarity, **common, **settings), output)  # type: ignore[arg-type]
        return
    if method != "ml" or similarity is not None:
        raise ValueError("--try-participants, --try-lists, --try-trials: for --method ml without --similarity")
    _tell(
        kv.design_curve(
            models, data, participants=sizes or [data.n_participants], observations=numbers, **common, **settings
        ),
        output,
    )


@recovery_app.command()
@grouped
def calibrate(
    model: Annotated[str, typer.Argument(help="Model, with options if wanted.")],
    source: Experiment,
    reading: Reading,
    sampling: Sampling,
    work: Work,
    prior: Prior = None,
    simulations: Annotated[int, typer.Option(help="Data sets drawn from the prior and fitted.", min=1)] = 100,
    store: Store = Path("fits"),
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Can a model's posterior be believed on this experiment? Simulation-based calibration; half a minute or more a fit."""
    import kvfit as kv

    wanted = kv.get_model(model)
    data, similarity = _experiment(source, reading, [wanted], "prior")
    (wanted,) = state_priors([wanted], prior, data)
    settings = _settings("posterior", sampling, work, store, quiet)
    _tell(kv.calibrate(wanted, data, simulations=simulations, similarity=similarity, **settings), output)


def _experiment(
    source: Experiment, reading: Reading, models: "list[MemoryModel]", truth: str
) -> "tuple[Any, np.ndarray | None]":
    """Data whose experiment is simulated, or a new design, with the similarities that models need."""
    from kvfit.recovery.designs import resized
    from kvfit.recovery.words import design_words

    if source.data is not None:
        shared = {field.name: getattr(source, field.name) for field in fields(Source)}
        named = Source(**shared)
        data = load(named, reading)
        wanted = _one_of(data.task, source.lists, source.trials)
        similarity = read_similarity(named, reading, data, models)
        if wanted is not None:
            if similarity is not None:
                raise ValueError("--lists, --trials: not with --similarity, which belongs to the lists that there are")
            data = resized(data, None, wanted)
        say(f"Simulated: {design_words(data)}")
        return data, similarity
    if truth != "prior":
        raise ValueError("--truth fit: needs --data, people whose values can be estimated")
    if any(model.semantic for model in models):
        raise ValueError("a new experiment has no words yet, and so no similarities: give --data and --similarity")
    design = _new_design(source, reading, {model.task for model in models})
    say(f"Simulated: {design_words(design)}")
    return design, None


def _new_design(source: Experiment, reading: Reading, tasks: set[str]) -> Any:
    import kvfit as kv

    needed: dict[str, Any]
    if tasks == {"free_recall"}:
        needed = {"--participants": source.participants, "--lists": source.lists, "--list-length": reading.list_length}
        build: Any = kv.free_recall_design
    elif tasks == {"recognition"}:
        needed = {"--participants": source.participants, "--trials": source.trials, "--scale": reading.scale}
        build = kv.recognition_design
    else:
        raise ValueError("models of one task are needed: free recall or recognition")
    missing = [flag for flag, value in needed.items() if value is None]
    if missing:
        raise ValueError(f"give --data, or the numbers of a new experiment; missing: {', '.join(missing)}")
    more = {"list_length": reading.list_length, "old_from": reading.old_from} if tasks == {"recognition"} else {}
    return build(*needed.values(), **more)


def _one_of(task: str, lists: int | None, trials: int | None) -> int | None:
    wrong, flag = (trials, "--trials") if task == "free_recall" else (lists, "--lists")
    if wrong is not None:
        raise ValueError(f"{flag}: these are data of {task.replace('_', ' ')}")
    return lists if task == "free_recall" else trials


def _observations(data: Any, lists: str | None, trials: str | None) -> list[int] | None:
    found = {"--try-lists": lists, "--try-trials": trials}
    flag = "--try-lists" if data.task == "free_recall" else "--try-trials"
    wrong = [name for name, text in found.items() if text is not None and name != flag]
    if wrong:
        raise ValueError(f"{wrong[0]}: this is an experiment of {data.task.replace('_', ' ')}")
    return _numbers(flag, found[flag])


def _numbers(flag: str, text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{flag}: expected numbers such as 6,12,24, found {text!r}") from error


def _settings(method: str, sampling: Sampling, work: Work, store: Path, quiet: bool) -> dict[str, Any]:
    """Options that all studies share; those of samplers only where something is sampled."""
    chosen = asdict(sampling)
    seed = chosen.pop("seed")
    changed = [name for name, value in chosen.items() if value != getattr(Sampling(), name)]
    if method != "posterior":
        if changed:
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in changed)
            raise ValueError(f"{flags}: of --method posterior, found --method {method}")
        chosen = {}
    else:
        chosen["cores"] = work.cores(sampling)
    return {"seed": seed, "store": store, **asdict(work), "show_progress": not quiet, **chosen}


def _tell(found: Any, output: Path | None) -> None:
    say(f"\n{found}")
    if output is not None:
        say(f"Tables and pictures: {found.write(output).resolve()}")
