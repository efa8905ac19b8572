"""The `kvfit` command.

Only typer and rich are imported here; everything else is loaded inside the command that needs it, so that
``kvfit --help`` answers at once.
"""

import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kvfit.cli_certify import certify_app
from kvfit.cli_options import (
    Formula,
    HierarchicalEvidence,
    Items,
    Participants,
    Prior,
    Quiet,
    Reading,
    Refit,
    Sampling,
    Seed,
    Source,
    Starts,
    Store,
    Unit,
    Work,
    grouped,
)
from kvfit.cli_recovery import recovery_app
from kvfit.cli_steps import (
    check_models,
    check_outputs,
    err,
    load,
    read_similarity,
    said_in_shell,
    say,
    state_priors,
    write_csv,
)
from kvfit.interrupts import is_interrupt

if TYPE_CHECKING:
    from kvfit.inference.fit import Fit
    from kvfit.memory_model import MemoryModel
    from kvfit.registry import ModelFamily

#: exit code after Ctrl-C
_STOPPED = 130
_with_code = warnings.formatwarning

app = typer.Typer(
    name="kvfit",
    help="Fit and compare key-value and classical memory models on free-recall and recognition data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Data sets: list, describe, check a file.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")
app.add_typer(recovery_app)
app.add_typer(certify_app)


def main() -> None:
    """Run the command; problems of the user's input end in one message and exit code 2, Ctrl-C in one and 130."""
    # DatasetError is a LookupError; kvfit.data.metadata is cheap to import.
    from kvfit.data.metadata import DatasetError

    warnings.formatwarning = _one_line
    try:
        app()
    except SystemExit as stop:
        if stop.code == _STOPPED:  # what typer makes of Ctrl-C
            err.print(_what_is_kept(), markup=False)
        raise
    except (ValueError, OSError, DatasetError) as error:
        text = error.args[0] if isinstance(error, DatasetError) else error
        err.print(f"kvfit: {text}", markup=False)
        sys.exit(2)
    except (KeyboardInterrupt, SystemError) as error:
        if not is_interrupt(error):
            raise
        err.print(_what_is_kept(), markup=False)
        sys.exit(_STOPPED)


def _what_is_kept() -> str:
    """What a command leaves that was stopped."""
    stores = sys.modules.get("kvfit.store")
    used = ", ".join(map(str, stores.used_stores())) if stores else ""
    if used:
        return f"kvfit: stopped; finished fits are kept in {used}, the same command goes on from there"
    return "kvfit: stopped; nothing is kept, this command writes its results when it has all of them"


def _one_line(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> str:
    """A warning; of what was set aside in a store without the line of code that Python adds."""
    if category.__name__ == "StoreWarning":
        return f"kvfit: {message}\n"
    return _with_code(message, category, *where, **more)


def _citation(name: str) -> str:
    from kvfit.data.metadata import known_datasets

    known = known_datasets()
    return str(known[name].citation) if name in known else ""


def _by_task(families: "Iterable[ModelFamily]") -> "dict[str, list[ModelFamily]]":
    """Models of each task, those that cannot be built with their defaults last."""
    found: dict[str, list[ModelFamily]] = {}
    for family in families:
        try:
            task = family().task
        except ValueError:
            task = "not usable with the default options"
        found.setdefault(task, []).append(family)
    return dict(sorted(found.items()))


@app.command()
def models(name: Annotated[str | None, typer.Argument(help="Describe one model with its options.")] = None) -> None:
    """List the models, or describe one."""
    from kvfit.certification.records import status
    from kvfit.registry import get_model, installed, with_items
    from kvfit.ties import groups, ties_of

    known = installed()
    if name is None:
        for task, found in _by_task(known.families.values()).items():
            say(f"{task.replace('_', ' ').capitalize()}")
            for family in found:
                found_status = status(family)
                shown = "" if found_status.certified else f"  [experimental: {found_status.reason}]"
                say(f"  {family.name:<18}{family.summary}{shown}")
        say("\nkvfit models NAME describes one; options are written like kv_recall(query=value, stopping=match).")
        if known.problems:
            say("\nNot usable:\n" + "\n".join(f"  {key}: {problem}" for key, problem in known.problems.items()))
        return
    model = get_model(name)
    family = known.families[model.name]
    of_family = status(family, thorough=True)
    certified = of_family.reason if of_family.certified else f"experimental, {of_family.reason}"
    of_what = "" if model.label == family.name else " (with its default options)"
    say(
        f"{model.label}: {model.title}\n{model.claim}\nReference: {model.reference}\nCertificate{of_what}: {certified}\n\n"
        "Parameters (90 % prior interval)"
    )
    for p in model.parameters:
        low, high = p.interval
        say(f"  {p.name:<18}{p.symbol:<10}[{low:g}, {high:g}]  {p.meaning}\n{'':<30}why: {p.reason}")
        if p.varies:
            say("{:<30}persons: {:.3g} to {:.3g}".format("", *p.persons_range))
    say(
        "  (persons: where 90 % of them lie if they differ as much as is plausible; other priors are stated by\n"
        "  --prior NAME=LOW:HIGH and --prior 'persons(NAME)=LOW:HIGH', see docs/priors.md)"
    )
    for fixed, value in model.fixed.items():
        say(f"  {fixed:<18}held at {value:g}; write {fixed}=free to fit it")
    for tied, target in ties_of(model).items():
        say(f"  {tied:<18}equal to {target}")
    alike = groups(model)
    if alike:
        say("\nParameters that can be equal ({1}={0} makes two one, and {0} stays)".format(*alike[0]))
        for names in alike:
            say(f"  {', '.join(names)}")
    say("\nOptions (first is the default)")
    for key, option in family.options.items():
        say(f"  {key:<18}{option.allowed}\n{'':<20}{option.meaning}")
    if family.forms:
        say("\nPublished forms (form=NAME stands for the options)")
        for key, form in family.forms.items():
            spelt = ", ".join(f"{option}={value}" for option, value in form.options.items())
            of_form = status(family, form=key)
            known_as = of_form.reason if of_form.certified else f"experimental, {of_form.reason}"
            say(f"  {key:<26}{spelt}\n{'':<28}{form.reference}\n{'':<28}{known_as}")
        say("")
    if hasattr(model, "with_items"):
        say(
            f"  {'items':<18}none, default or names of parameters\n{'':<20}effects of items, crossed with those of"
            f" participants: items=d_prime+criterion; default here is {with_items(model, True).options['items']}"
        )
    for rule in family.no_effect:
        what = f"{rule.option}={'|'.join(map(str, rule.values))}" if rule.values else rule.option
        say(f"  {what} decides nothing beside {rule.beside}={rule.value}: {rule.why}")


@data_app.command("list")
def data_list() -> None:
    """List the known data sets and whether they are on this machine."""
    import kvfit as kv

    say(kv.list_datasets().to_string(index=False, max_colwidth=60))


@data_app.command("describe")
def data_describe(name: str) -> None:
    """Describe a data set: citation, licence, columns, how to obtain it."""
    import kvfit as kv

    say(kv.describe_dataset(name))


@data_app.command("check")
@grouped
def data_check(
    path: Annotated[Path, typer.Argument(help="A file of free recalls, of recognition trials or of rating counts.")],
    reading: Reading,
) -> None:
    """Check a file of free recalls or of recognition and list everything that is wrong with it."""
    from kvfit.cli_reading import describe, read_file

    # Warnings are printed at the end, below what was read.
    with said_in_shell() as caught:
        data = read_file(path, reading)
        n_warnings = len(caught)
        found = f"{n_warnings} warning{'s' * (n_warnings != 1)}, see below" if n_warnings else "no problems"
        say(f"{path}: {found}.\n{describe(data, reading)}")


@app.command()
@grouped
def fit(
    model: Annotated[str, typer.Argument(help="Model, with options if wanted: 'kv_recall(query=value)'.")],
    source: Source,
    reading: Reading,
    sampling: Sampling,
    items: Items = None,
    formula: Formula = None,
    prior: Prior = None,
    method: Annotated[str, typer.Option(help="posterior, ml (maximum likelihood) or map.")] = "posterior",
    store: Store = Path("fits"),
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of estimates by participant.")] = None,
    starts: Starts = 12,
    quiet: Quiet = False,
) -> None:
    """Fit one model to a data set."""
    import kvfit as kv
    from kvfit.registry import with_items

    if method not in ("posterior", "ml", "map"):
        raise ValueError(f"--method: expected posterior, ml or map; found {method!r}")
    if method == "ml" and prior:
        raise ValueError("--prior: maximum likelihood does not depend on priors; use --method map or posterior")
    spec = _with_formula(kv.get_model(model), formula)
    check_outputs(output)
    data = load(source, reading)
    similarity = read_similarity(source, reading, data, [spec])
    check_models([spec], data, similarity, items)
    (spec,) = state_priors([spec], prior, data, items)
    if method != "posterior":
        spec = spec if items is None else with_items(spec, items)
        found = kv.point_fit(
            spec, data, method=method, starts=starts, seed=sampling.seed, similarity=similarity,  # type: ignore[arg-type]
            show_progress=not quiet,
        )  # fmt: skip
        say(found.table.drop(columns=["starts"]).round(3).to_string(index=False))
        say(f"\n{found.totals().round(1).to_string()}\n\n{found.verdict()}")
        write_csv(found.table, output)
        return
    posterior = kv.fit(
        spec, data, store=store, items=items, similarity=similarity, show_progress=not quiet, **asdict(sampling)
    )
    say(posterior.population().round(3).to_string(index=False))
    _say_items([posterior])
    _say_effects([posterior])
    say(f"\n{posterior.diagnostics.verdict()}\nFit: {posterior.path}")
    write_csv(posterior.persons().reset_index(), output)


def _say_items(fits: "Sequence[Fit]") -> None:
    """Say how far items differ, in fits with effects of items."""
    from kvfit.items import effects_of_items

    for f in fits:
        if effects_of_items(f.model):
            title = f"\nSpread between items (unconstrained scale), {f.label}"
            say(f"{title}\n{f.item_spread().round(3).to_string(index=False)}")


def _with_formula(model: "MemoryModel", formula: list[str] | None) -> "MemoryModel":
    from kvfit.registry import with_formulas

    return with_formulas(model, formula) if formula else model


def _say_effects(fits: "Sequence[Fit]") -> None:
    """Say what conditions do, in fits with formulas."""
    import kvfit as kv

    for f in fits:
        if getattr(f.model, "formulas", ()):
            title = f"\nEffects of conditions on the typical person (natural scale), {f.label}"
            say(f"{title}\n{kv.effects(f).round(3).to_string(index=False, na_rep='')}")


@app.command()
@grouped
def compare(
    model_names: Annotated[list[str], typer.Argument(metavar="MODELS...", help="Two or more models.")],
    source: Source,
    reading: Reading,
    sampling: Sampling,
    work: Work,
    report: Annotated[Path | None, typer.Option("--report", "-r", help="Write the page here.")] = None,
    items: Items = None,
    formula: Formula = None,
    prior: Prior = None,
    unit: Unit = "trial",
    refit: Refit = False,
    with_evidence: HierarchicalEvidence = False,
    criteria: Annotated[bool, typer.Option("--ml", help="Also fit by maximum likelihood, for AIC and BIC.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of the comparison table.")] = None,
    store: Store = Path("fits"),
    starts: Starts = 12,
    quiet: Quiet = False,
) -> None:
    """Fit several models to the same data and compare them; a stopped run goes on where it stopped."""
    import kvfit as kv
    from kvfit.items import effects_of_items

    _check_unit(unit, refit)
    specs = [_with_formula(kv.get_model(name), formula) for name in model_names]
    with_effects = [spec.label for spec in specs if effects_of_items(spec)]
    if criteria and (with_effects or items not in (None, "none")):
        shown = ", ".join(with_effects) or f"--items {items}"
        raise ValueError(f"--ml: maximum likelihood per participant has no effects of items ({shown}); leave one out")
    if (unit == "participant" or with_evidence) and (
        sampling.pooling == "none" or with_effects or items not in (None, "none")
    ):
        raise ValueError(
            f"{'--unit participant' if unit == 'participant' else '--evidence'}: needs persons from one population (not"
            " --pooling none) and no effects of items, which tie all persons together"
        )
    check_outputs(output, report)
    data = load(source, reading)
    similarity = read_similarity(source, reading, data, specs)
    check_models(specs, data, similarity, items)
    specs = state_priors(specs, prior, data, items)
    settings: dict[str, Any] = {
        "store": store,
        "items": items,
        "similarity": similarity,
        "show_progress": not quiet,
        **asdict(sampling),
    }
    if work.elsewhere:
        fits = kv.fit_batch(specs, data, **asdict(work), **(settings | {"cores": work.cores(sampling)}))
    else:
        fits = [kv.fit(spec, data, **settings) for spec in specs]
    points = [
        kv.point_fit(spec, data, starts=starts, seed=sampling.seed, similarity=similarity, show_progress=not quiet)
        for spec in (specs if criteria else [])
    ]
    comparison = kv.compare(
        fits, unit=unit, refit=refit, evidence=with_evidence, point_fits=points, store=store,  # type: ignore[arg-type]
        seed=sampling.seed, show_progress=not quiet,
    )  # fmt: skip
    say(f"\n{comparison}")
    for f in comparison.fits:
        say(f"{f.label}: {f.diagnostics.verdict()}")
    _say_items(comparison.fits)
    _say_effects(comparison.fits)
    write_csv(comparison.table, output, "Table")
    if report is not None:
        path = kv.report(
            comparison, report, point_fits=points, created=_today(), command=_command(), citation=_citation(source.data),
            show_progress=not quiet,
        )  # fmt: skip
        say(f"Report: {path.resolve()}")


@app.command()
def effects(
    folder: Annotated[Path, typer.Argument(help="Folder of a fit with formulas.")],
    interval: Annotated[float, typer.Option(help="Probability of the intervals.", min=0.01, max=0.99)] = 0.9,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of the table.")] = None,
) -> None:
    """Print what conditions do to the parameters of a fit with formulas, on their natural scale."""
    import kvfit as kv

    posterior = kv.open_fit(folder)
    table = kv.effects(posterior, interval)
    say(f"{posterior.label}\n{table.round(3).to_string(index=False, na_rep='')}\n\n{posterior.diagnostics.verdict()}")
    write_csv(table, output, "Effects")


def _check_unit(unit: str, refit: bool) -> None:
    """Before anything is fitted: the options of a comparison."""
    if unit not in ("trial", "participant"):
        raise ValueError(f"--unit: expected trial or participant, found {unit!r}")
    if refit and unit == "trial":
        raise ValueError("--refit: only with --unit participant")


@app.command()
@grouped
def foresee(
    model: Annotated[str, typer.Argument(help="Model, with options if wanted.")],
    source: Source,
    reading: Reading,
    formula: Formula = None,
    prior: Prior = None,
    pooling: Annotated[str, typer.Option(help="partial, none or complete.")] = "partial",
    prior_predictive: Annotated[
        bool,
        typer.Option(
            "--prior-predictive",
            help="Instead: what people drawn from the prior do, by the task's curves (5, 50 and 95 % of people).",
        ),
    ] = False,
    people: Annotated[int, typer.Option(help="Prior predictive: people drawn, at least.", min=1)] = 60,
    picture: Annotated[Path | None, typer.Option(help="Prior predictive: picture of the curves (.png, .svg).")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of the table.")] = None,
    seed: Seed = 0,
) -> None:
    """Say, before any fit, which parameters data of this design can tell, or what the prior says about behaviour."""
    import kvfit as kv

    if picture is not None and not prior_predictive:
        raise ValueError("--picture: belongs to --prior-predictive")

    spec = _with_formula(kv.get_model(model), formula)
    data = load(source, reading)
    similarity = read_similarity(source, reading, data, [spec])
    (spec,) = state_priors([spec], prior, data)
    if prior_predictive:
        from kvfit.reports.figures.saving import save_figure

        predicted = kv.prior_predict(
            spec, data, people=people, pooling=pooling, similarity=similarity, seed=seed,  # type: ignore[arg-type]
        )  # fmt: skip
        say(f"\n{predicted}")
        write_csv(predicted.table, output, "Table")
        if picture is not None:
            say(f"Picture: {save_figure(predicted.figure(), picture)}")
        return
    found = kv.identifiability(spec, data, pooling=pooling, similarity=similarity, seed=seed)
    say(f"\n{found}")
    write_csv(found.table, output, "Table")


@app.command()
def identify(
    folders: Annotated[list[Path], typer.Argument(help="Folders of fits.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of the table.")] = None,
) -> None:
    """Say, after a fit, which parameters the data told, and which are the prior's."""
    import pandas as pd

    import kvfit as kv

    found = [kv.identifiability(kv.open_fit(folder)) for folder in folders]
    for one in found:
        say(f"{one.label}\n{one}\n")
    write_csv(pd.concat([one.table.assign(model=one.label) for one in found]), output, "Table")


@app.command()
@grouped
def evidence(
    model_names: Annotated[list[str], typer.Argument(metavar="MODELS...", help="Two or more models.")],
    source: Source,
    reading: Reading,
    prior: Prior = None,
    method: Annotated[
        str, typer.Option(help="importance (sampling around each person's posterior) or laplace (quicker).")
    ] = "importance",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of evidence by participant.")] = None,
    starts: Annotated[int, typer.Option(help="Starts of the search for each person's posterior mode.", min=1)] = 3,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Which model do people use? Evidence for each participant alone, and random-effects model selection."""
    import kvfit as kv

    if method not in ("importance", "laplace"):
        raise ValueError(f"--method: expected importance or laplace, found {method!r}")
    specs = [kv.get_model(name) for name in model_names]
    check_outputs(output)
    data = load(source, reading)
    similarity = read_similarity(source, reading, data, specs)
    check_models(specs, data, similarity, None)
    specs = state_priors(specs, prior, data)
    found = kv.evidence(
        specs, data, method=method, starts=starts, seed=seed, similarity=similarity,  # type: ignore[arg-type]
        show_progress=not quiet,
    )  # fmt: skip
    say(f"\n{found}")
    write_csv(found.participants, output, "Evidence by participant")


def _today() -> str:
    from datetime import date

    return date.today().isoformat()


def _command() -> str:
    import shlex

    return shlex.join(["kvfit", *sys.argv[1:]])


@app.command()
def report(
    folders: Annotated[list[Path], typer.Argument(help="Folders of fits to the same data.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page.")] = Path("report.html"),
    title: Annotated[str | None, typer.Option(help="Title of the page.")] = None,
    unit: Unit = "trial",
    refit: Refit = False,
    with_evidence: HierarchicalEvidence = False,
    predictive_draws: Annotated[int, typer.Option(help="Simulated data sets behind each band.", min=20)] = 200,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Write the report page of fits made before."""
    import kvfit as kv

    _check_unit(unit, refit)
    fits = [kv.open_fit(folder) for folder in folders]
    comparison = kv.compare(
        fits, unit=unit, refit=refit, evidence=with_evidence, store=folders[0].parent, seed=seed,  # type: ignore[arg-type]
        show_progress=not quiet,
    )  # fmt: skip
    path = kv.report(
        comparison, output, title=title, predictive_draws=predictive_draws, seed=seed, created=_today(), command=_command(),
        citation=_citation(fits[0].data.name), show_progress=not quiet,
    )  # fmt: skip
    say(f"Report: {path.resolve()}")


@app.command()
@grouped
def simulate(
    model: Annotated[str, typer.Argument(help="Model, with options if wanted.")],
    source: Source,
    reading: Reading,
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV of the simulated table.")],
    parameters: Annotated[
        Path | None, typer.Option(help="CSV with a row a participant (column subject), e.g. from kvfit fit -o.")
    ] = None,
    value: Annotated[
        list[str] | None, typer.Option("--set", help="name=value shared by all participants; may be repeated.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Simulate responses to the lists or trials of a data set; parameters not given stand at the centre of their prior."""
    import shlex

    import pandas as pd

    import kvfit as kv
    from kvfit.cli_reading import table_to_read
    from kvfit.files import write_text
    from kvfit.tasks.exported import texts_read_as_numbers

    spec = kv.get_model(model)  # an unknown model is told before a file is read
    data = load(source, reading)
    spec = spec.bind(data)
    similarity = read_similarity(source, reading, data, [spec])
    values: Any
    if parameters is not None:
        if value:
            raise ValueError("--parameters and --set: give one of them")
        table = pd.read_csv(parameters, dtype={"subject": str}, keep_default_na=False, na_values=[""])
        known = [p.name for p in spec.all_parameters]
        values = table[[c for c in table.columns if c in ("subject", *known)]]
    else:
        values = {p.name: float(p.to_natural(p.location)) for p in spec.parameters}
        for item in value or []:
            name, separator, number = item.partition("=")
            if not separator:
                raise ValueError(f"--set: expected name=value, found {item!r}")
            try:
                values[name.strip()] = float(number)
            except ValueError as error:
                raise ValueError(f"--set {name}: expected a number, found {number!r}") from error
    simulated = kv.simulate(spec, data, values, seed, similarity=similarity)
    made, options = table_to_read(simulated)
    write_text(output, made.to_csv(index=False))
    for name in texts_read_as_numbers(made):
        say(f"Column {name} holds texts that are read from the file as numbers; rename them if they are labels")
    say(f"{simulated!r}\nTable: {output}\nRead it with --data {shlex.join([str(output), *options])}")


@app.command()
def demo(
    task: Annotated[
        str, typer.Option(help="free_recall (real data) or recognition (simulated data with known truth).")
    ] = "free_recall",
    participants: Participants = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page; else reports/demo.html or reports/demo_recognition.html."),
    ] = None,
    store: Store = Path("fits"),
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Compare three models and write the report, on data that everybody has.

    Free recall: key-value recall, CMR and a baseline on real immediate free recall (PEERS, the first 12 participants).
    Recognition: three signal-detection models on simulated confidence ratings, and how the estimates compare with the truth.
    """
    from kvfit.demo import run_demo

    run_demo(
        task=task, participants=participants, output=output, store=store, seed=seed, show_progress=not quiet, say=say
    )


if __name__ == "__main__":
    main()
