"""The `kvfit` command.

Only typer and rich are imported here; everything else is loaded inside the command that needs it, so that
``kvfit --help`` answers at once.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from kvfit.tasks.free_recall import FreeRecallData

app = typer.Typer(
    name="kvfit",
    help="Fit and compare key-value and classical memory models on free-recall data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Data sets: list, describe, check a file.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[str, typer.Option("--data", "-d", help="Name of a data set (kvfit data list) or path of a file.")]
Participants = Annotated[int | None, typer.Option("--participants", "-n", help="Use the first N participants.", min=1)]
Query = Annotated[str | None, typer.Option("--query", "-q", help="Keep some lists, e.g. \"list_type == 'mixed'\".")]
Store = Annotated[Path, typer.Option("--store", help="Folder of fits; finished ones are found again.")]
Pooling = Annotated[str, typer.Option(help="partial, none or complete.")]
Sampler = Annotated[str, typer.Option(help="nutpie, pymc or numpyro.")]
Draws = Annotated[int, typer.Option(help="Kept draws a chain.", min=1)]
Tune = Annotated[int, typer.Option(help="Warm-up draws a chain.", min=1)]
Chains = Annotated[int, typer.Option(help="Chains.", min=1)]
Cores = Annotated[int, typer.Option(help="Chains that run at once.", min=1)]
Target = Annotated[float, typer.Option("--target-accept", help="Raise towards 1 if transitions diverge.")]
Seed = Annotated[int, typer.Option(help="Same seed, same results.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars.")]
Starts = Annotated[int, typer.Option(help="Starts of each maximum-likelihood search.", min=1)]


def main() -> None:
    """Run the command; problems of the user's input end in one message and exit code 2."""
    # DatasetError is a LookupError; kvfit.data.metadata is cheap to import.
    from kvfit.data.metadata import DatasetError

    try:
        app()
    except (ValueError, OSError, DatasetError) as error:
        text = error.args[0] if isinstance(error, DatasetError) else error
        err.print(f"kvfit: {text}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("kvfit: stopped; finished fits are kept, the same command goes on from there", markup=False)
        sys.exit(130)


def _load(name: str, participants: int | None, query: str | None) -> "FreeRecallData":
    import kvfit as kv
    from kvfit.data.metadata import known_datasets

    path = Path(name)
    if name not in known_datasets() and (path.suffix or path.exists()):
        return kv.read_free_recall(path).select(participants=participants, query=query)
    return kv.load(name, participants=participants, query=query)


def _citation(name: str) -> str:
    from kvfit.data.metadata import known_datasets

    known = known_datasets()
    return str(known[name].citation) if name in known else ""


def _say(text: object) -> None:
    out.print(str(text), markup=False)


@app.command()
def models(name: Annotated[str | None, typer.Argument(help="Describe one model with its options.")] = None) -> None:
    """List the models, or describe one."""
    from kvfit.registry import families, get_model

    if name is None:
        for family in families().values():
            status = "" if family.certified else "  [experimental: not certified yet]"
            _say(f"{family.name:<18}{family.summary}{status}")
        _say("\nkvfit models NAME describes one; options are written like kv_recall(query=value, stopping=match).")
        return
    model = get_model(name)
    family = families()[model.name]
    _say(
        f"{model.label}: {model.title}\n{model.claim}\nReference: {model.reference}\n\nParameters (90 % prior interval)"
    )
    for p in model.parameters:
        low, high = p.interval
        _say(f"  {p.name:<18}{p.symbol:<10}[{low:g}, {high:g}]  {p.meaning}\n{'':<30}why: {p.reason}")
    for fixed, value in model.fixed.items():
        _say(f"  {fixed:<18}held at {value:g}; write {fixed}=free to fit it")
    _say("\nOptions (first is the default)")
    for key, option in family.options.items():
        _say(f"  {key:<18}{' | '.join(map(str, option.values))}\n{'':<20}{option.meaning}")


@data_app.command("list")
def data_list() -> None:
    """List the known data sets and whether they are on this machine."""
    import kvfit as kv

    _say(kv.list_datasets().to_string(index=False, max_colwidth=60))


@data_app.command("describe")
def data_describe(name: str) -> None:
    """Describe a data set: citation, licence, columns, how to obtain it."""
    import kvfit as kv

    _say(kv.describe_dataset(name))


@data_app.command("check")
def data_check(path: Path) -> None:
    """Check a file of free recalls and list everything that is wrong with it."""
    import kvfit as kv

    data = kv.read_free_recall(path)
    _say(f"{path}: no problems. {data!r}\n{data.scoring_note()}")


@app.command()
def fit(
    model: Annotated[str, typer.Argument(help="Model, with options if wanted: 'kv_recall(query=value)'.")],
    data: Data,
    participants: Participants = None,
    query: Query = None,
    method: Annotated[str, typer.Option(help="posterior, ml (maximum likelihood) or map.")] = "posterior",
    store: Store = Path("fits"),
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of estimates by participant.")] = None,
    pooling: Pooling = "partial",
    sampler: Sampler = "nutpie",
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    cores: Cores = 2,
    target_accept: Target = 0.9,
    starts: Starts = 12,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Fit one model to a data set."""
    import kvfit as kv

    if method not in ("posterior", "ml", "map"):
        raise ValueError(f"--method: expected posterior, ml or map; found {method!r}")
    spec = kv.get_model(model)
    loaded = _load(data, participants, query)
    _say(f"{loaded!r}\n{loaded.scoring_note()}")
    if method != "posterior":
        found = kv.point_fit(spec, loaded, method=method, starts=starts, seed=seed, show_progress=not quiet)  # type: ignore[arg-type]
        _say(found.table.drop(columns=["starts"]).round(3).to_string(index=False))
        _say(f"\n{found.totals().round(1).to_string()}\n\n{found.verdict()}")
        _write_csv(found.table, output)
        return
    settings = _settings(pooling, sampler, draws, tune, chains, cores, target_accept, seed)
    posterior = kv.fit(spec, loaded, store=store, show_progress=not quiet, **settings)
    _say(posterior.population().round(3).to_string(index=False))
    _say(f"\n{posterior.diagnostics.verdict()}\nFit: {posterior.path}")
    _write_csv(posterior.persons().reset_index(), output)


def _settings(
    pooling: str, sampler: str, draws: int, tune: int, chains: int, cores: int, target_accept: float, seed: int
) -> dict[str, Any]:
    return {
        "pooling": pooling,
        "sampler": sampler,
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "cores": cores,
        "target_accept": target_accept,
        "seed": seed,
    }


def _write_csv(table: Any, path: Path | None, label: str = "Estimates") -> None:
    from kvfit.files import write_text

    if path is not None:
        write_text(path, table.to_csv(index=False))
        _say(f"{label}: {path}")


@app.command()
def compare(
    model_names: Annotated[list[str], typer.Argument(metavar="MODELS...", help="Two or more models.")],
    data: Data,
    participants: Participants = None,
    query: Query = None,
    report: Annotated[Path | None, typer.Option("--report", "-r", help="Write the page here.")] = None,
    criteria: Annotated[bool, typer.Option("--ml", help="Also fit by maximum likelihood, for AIC and BIC.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV of the comparison table.")] = None,
    store: Store = Path("fits"),
    pooling: Pooling = "partial",
    sampler: Sampler = "nutpie",
    draws: Draws = 1000,
    tune: Tune = 1000,
    chains: Chains = 4,
    cores: Cores = 2,
    target_accept: Target = 0.9,
    starts: Starts = 12,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Fit several models to the same data and compare them; a stopped run goes on where it stopped."""
    import kvfit as kv

    specs = [kv.get_model(name) for name in model_names]
    loaded = _load(data, participants, query)
    _say(f"{loaded!r}\n{loaded.scoring_note()}")
    settings = _settings(pooling, sampler, draws, tune, chains, cores, target_accept, seed)
    fits = [kv.fit(spec, loaded, store=store, show_progress=not quiet, **settings) for spec in specs]
    points = [
        kv.point_fit(spec, loaded, starts=starts, seed=seed, show_progress=not quiet)
        for spec in (specs if criteria else [])
    ]
    comparison = kv.compare(fits, point_fits=points)
    _say(f"\n{comparison}")
    for f in comparison.fits:
        _say(f"{f.label}: {f.diagnostics.verdict()}")
    _write_csv(comparison.table, output, "Table")
    if report is not None:
        path = kv.report(
            comparison, report, point_fits=points, created=_today(), command=_command(), citation=_citation(data),
            show_progress=not quiet,
        )  # fmt: skip
        _say(f"Report: {path.resolve()}")


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
    predictive_draws: Annotated[int, typer.Option(help="Simulated data sets behind each band.", min=20)] = 200,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Write the report page of fits made before."""
    import kvfit as kv

    fits = [kv.open_fit(folder) for folder in folders]
    path = kv.report(
        fits, output, title=title, predictive_draws=predictive_draws, seed=seed, created=_today(), command=_command(),
        citation=_citation(fits[0].data.name), show_progress=not quiet,
    )  # fmt: skip
    _say(f"Report: {path.resolve()}")


@app.command()
def simulate(
    model: Annotated[str, typer.Argument(help="Model, with options if wanted.")],
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV of simulated events.")],
    parameters: Annotated[
        Path | None, typer.Option(help="CSV with a row a participant (column subject), e.g. from kvfit fit -o.")
    ] = None,
    value: Annotated[
        list[str] | None, typer.Option("--set", help="name=value shared by all participants; may be repeated.")
    ] = None,
    participants: Participants = None,
    query: Query = None,
    seed: Seed = 0,
) -> None:
    """Simulate recall of the lists of a data set; parameters not given stand at the centre of their prior."""
    import pandas as pd

    import kvfit as kv
    from kvfit.files import write_text

    spec = kv.get_model(model)
    loaded = _load(data, participants, query)
    values: Any
    if parameters is not None:
        if value:
            raise ValueError("--parameters and --set: give one of them")
        table = pd.read_csv(parameters)
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
    simulated = kv.simulate(spec, loaded, values, seed)
    write_text(output, simulated.events.to_csv(index=False))
    _say(f"{simulated!r}\nEvents: {output}")


@app.command()
def demo(
    participants: Participants = 12,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page.")] = Path("reports/demo.html"),
    store: Store = Path("fits"),
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Compare key-value recall, CMR and a baseline on real immediate free recall (PEERS), and write the report."""
    from kvfit.demo import run_demo

    show: Callable[[str], None] = _say
    run_demo(participants=participants or 12, output=output, store=store, seed=seed, show_progress=not quiet, say=show)


if __name__ == "__main__":
    main()
