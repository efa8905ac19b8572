"""The command `kvfit certify`.

Everything but typer is loaded inside the command.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from kvfit.cli_options import Quiet, Seed, Store, Work, grouped
from kvfit.cli_steps import say

certify_app = typer.Typer(rich_markup_mode=None)


@certify_app.command()
@grouped
def certify(
    work: Work,
    model_names: Annotated[list[str] | None, typer.Argument(metavar="MODELS...", help="Models, or --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All models that kvfit finds.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the pages, and of the list of all.")] = Path(
        "certificates"
    ),
    records: Annotated[
        Path | None, typer.Option(help="Folder of the records that kvfit models reads; else that of the pages.")
    ] = None,
    participants: Annotated[int | None, typer.Option("--participants", "-n", help="Simulated persons.", min=1)] = None,
    lists: Annotated[int | None, typer.Option(help="Free recall: lists of each person.", min=1)] = None,
    list_length: Annotated[int | None, typer.Option(help="Free recall: items of a list.", min=2)] = None,
    trials: Annotated[int | None, typer.Option(help="Recognition: test trials of each person.", min=2)] = None,
    simulations: Annotated[int | None, typer.Option(help="Simulated data sets of calibration.", min=2)] = None,
    replicates: Annotated[int | None, typer.Option(help="Simulated data sets of recovery.", min=1)] = None,
    store: Store = Path("fits"),
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Check everything about models that can be checked without data: pages, pictures, and records for kvfit models.

    Published numbers, soundness, parameter recovery, simulation-based calibration with the coverage of intervals, what
    identifies what, time. A stopped run goes on where it stopped.
    """
    from dataclasses import asdict, replace

    from kvfit.certification.certify import certify as run
    from kvfit.certification.plan import Plan
    from kvfit.registry import families

    if bool(model_names) == every:
        raise ValueError("kvfit certify: give models, or --all")
    sizes: dict[str, Any] = {
        "participants": participants,
        "lists": lists,
        "list_length": list_length,
        "trials": trials,
        "simulations": simulations,
        "replicates": replicates,
    }
    plan = replace(Plan(), seed=seed, **{name: size for name, size in sizes.items() if size is not None})
    found = run(
        list(families()) if every else list(model_names or []),
        output=output,
        records=records,
        plan=plan,
        store=store,
        show_progress=not quiet,
        say=say,
        **asdict(work),
    )
    failed = [one.model.label for one in found if not one.passed]
    say(f"\n{len(found) - len(failed)} of {len(found)} passed{': not ' if failed else ''}{', '.join(failed)}")
    say(f"Certificates: {output.resolve() / 'README.md'}")
    if failed:
        raise typer.Exit(1)
