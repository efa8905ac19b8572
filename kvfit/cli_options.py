"""Options that several commands share: each is stated once, in a group that a command takes as one argument."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated

import typer

Seed = Annotated[int, typer.Option(help="Same seed, same results.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bars.")]
Store = Annotated[Path, typer.Option("--store", help="Folder of fits; finished ones are found again.")]
Participants = Annotated[int | None, typer.Option("--participants", "-n", help="Use the first N participants.", min=1)]
Items = Annotated[
    str | None,
    typer.Option(
        "--items",
        help="Recognition: effects of items, crossed with participants: default, names such as d_prime+criterion, or none.",
    ),
]
Formula = Annotated[
    list[str] | None,
    typer.Option(
        "--formula",
        help="A parameter that depends on conditions: 'd_prime ~ strength + (1 + strength | subject)'; may be repeated.",
    ),
]
Prior = Annotated[
    list[str] | None,
    typer.Option(
        "--prior",
        help="90 % prior interval on the natural scale in the place of the model's own: sigma=0.9:1.5 of the typical value,"
        " 'persons(sigma)=0.7:1.9' of how far persons may differ (kvfit models NAME shows both). Of several models those"
        " that have the parameter get it. May be repeated.",
    ),
]
Unit = Annotated[
    str,
    typer.Option(
        help="What is predicted: trial (a further list or trial of the same people) or participant (a new person)."
    ),
]
Refit = Annotated[
    bool, typer.Option("--refit", help="By participant: fit again without each person whose weights are unreliable.")
]
HierarchicalEvidence = Annotated[
    bool, typer.Option("--evidence", help="Also the log evidence of each hierarchical model.")
]
Starts = Annotated[int, typer.Option(help="Starts of each maximum-likelihood search.", min=1)]


Query = Annotated[str | None, typer.Option("--query", "-q", help="Keep some lists, e.g. \"list_type == 'mixed'\".")]
Similarity = Annotated[
    Path | None,
    typer.Option(help="Similarities of items or item vectors (.csv, .npz), for models with semantic=True."),
]
MissingSimilarity = Annotated[
    str, typer.Option(help="error, or mean: pairs of items that the file does not know get the mean similarity.")
]
SimilarityKind = Annotated[
    str | None, typer.Option(help="What --similarity holds: matrix or vectors; else what the file looks like.")
]
SimilarityEncoding = Annotated[str | None, typer.Option(help="Encoding of a text file --similarity; else UTF-8.")]
SimilarityDelimiter = Annotated[
    str | None, typer.Option(help="What separates the cells of a text file --similarity; else what the file shows.")
]


@dataclass(frozen=True)
class Source:
    """Which responses, and what is known about their items."""

    data: Annotated[str, typer.Option("--data", "-d", help="Name of a data set (kvfit data list) or path of a file.")]
    participants: Participants = None
    query: Query = None
    similarity: Similarity = None
    missing_similarity: MissingSimilarity = "error"
    similarity_kind: SimilarityKind = None
    similarity_encoding: SimilarityEncoding = None
    similarity_delimiter: SimilarityDelimiter = None


@dataclass(frozen=True)
class Experiment:
    """Whose experiment is simulated: that of a data set, or one that has not been run yet."""

    data: Annotated[
        str | None,
        typer.Option("--data", "-d", help="Data whose experiment is simulated; or give the numbers of a new one."),
    ] = None
    participants: Annotated[
        int | None,
        typer.Option("--participants", "-n", help="Number of participants; of data, the first so many.", min=1),
    ] = None
    lists: Annotated[
        int | None, typer.Option(help="Free recall: lists of each participant (--list-length: items).", min=1)
    ] = None
    trials: Annotated[
        int | None, typer.Option(help="Recognition: test trials of each participant, half of them old items.", min=2)
    ] = None
    query: Query = None
    similarity: Similarity = None
    missing_similarity: MissingSimilarity = "error"
    similarity_kind: SimilarityKind = None
    similarity_encoding: SimilarityEncoding = None
    similarity_delimiter: SimilarityDelimiter = None


@dataclass(frozen=True)
class Reading:
    """How a file is read, as the readers' arguments in Python; what is not given is told by the columns."""

    task: Annotated[str | None, typer.Option(help="Of a file: free_recall or recognition; else its columns tell.")] = (
        None
    )
    column: Annotated[
        list[str] | None,
        typer.Option(help="kvfit's name=yours, e.g. item=word; list=session,block joins; may be repeated."),
    ] = None
    ignore_column: Annotated[
        list[str] | None,
        typer.Option(
            help="Read the file as if it had no such column, whose name means something else; may be repeated."
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(help="Of a text file, e.g. cp1252 or utf-16-le; else UTF-8 or what its first bytes say."),
    ] = None
    delimiter: Annotated[
        str | None, typer.Option(help="What separates cells: a character, tab or blank; else what the file shows.")
    ] = None
    decimal: Annotated[
        str | None, typer.Option(help="Decimal mark of the numbers, comma or point; else what they show.")
    ] = None
    first_position: Annotated[
        int | None, typer.Option(help="Number of the first study or test position, 0 or 1; else 1.", min=0, max=1)
    ] = None
    scale: Annotated[
        str | None,
        typer.Option(help="Recognition: responses from surest new to surest old: 1-6, 6-1 (6 is sure new) or no,yes."),
    ] = None
    old_from: Annotated[
        str | None, typer.Option(help="Recognition: first response that means old; else the upper half of the scale.")
    ] = None
    old_values: Annotated[
        list[str] | None,
        typer.Option("--old-value", help="Recognition: value of the column old that means studied; may be repeated."),
    ] = None
    unordered: Annotated[
        bool, typer.Option("--unordered", help="Recognition: the responses are no scale of confidence.")
    ] = False
    condition: Annotated[
        list[str] | None,
        typer.Option(help="Recognition: column that describes the design, else all; may be repeated."),
    ] = None
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Recognition: leave trials without a response unscored.")
    ] = False
    incomplete: Annotated[
        str | None,
        typer.Option(help="Recognition: participants without old or without new items: error, drop or keep."),
    ] = None
    list_length: Annotated[
        int | None, typer.Option(help="Items in every study list, if the file does not say it.", min=1)
    ] = None
    repeated_items: Annotated[
        str | None,
        typer.Option(help="Free recall: lists in which an item was studied more than once: error, drop or first."),
    ] = None
    empty_participants: Annotated[
        str | None, typer.Option(help="Free recall: participants without a response: error, drop or keep.")
    ] = None
    faulty_lists: Annotated[
        str | None, typer.Option(help="Free recall: lists that have faults: error, or drop (leave them out, counted).")
    ] = None
    trust_positions: Annotated[
        bool,
        typer.Option("--trust-positions", help="Free recall: positions count where they and recalled items disagree."),
    ] = False
    ignore_case: Annotated[
        bool, typer.Option("--ignore-case", help="Compare items and responses whatever their case.")
    ] = False


@dataclass(frozen=True)
class Sampling:
    """Settings of a posterior fit; see :class:`kvfit.inference.settings.FitSettings`."""

    pooling: Annotated[str, typer.Option(help="partial, none or complete.")] = "partial"
    sampler: Annotated[str, typer.Option(help="nutpie, pymc or numpyro.")] = "nutpie"
    draws: Annotated[int, typer.Option(help="Kept draws a chain.", min=1)] = 1000
    tune: Annotated[int, typer.Option(help="Warm-up draws a chain.", min=1)] = 1000
    chains: Annotated[int, typer.Option(help="Chains.", min=1)] = 4
    cores: Annotated[int, typer.Option(help="Chains that run at once.", min=1)] = 2
    target_accept: Annotated[float, typer.Option("--target-accept", help="Raise towards 1 if transitions diverge.")] = (
        0.9
    )
    seed: Seed = 0
    correlated: Annotated[
        bool, typer.Option("--correlated", help="Let persons' parameters correlate in the population (LKJ prior).")
    ] = False


@dataclass(frozen=True)
class Work:
    """Where a batch of jobs is done."""

    workers: Annotated[int, typer.Option(help="Local processes.", min=1)] = 1
    dask: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, whose workers share the folder --store.")
    ] = None

    @property
    def elsewhere(self) -> bool:
        """Whether other processes than this one work."""
        return self.workers > 1 or self.dask is not None

    def cores(self, sampling: Sampling) -> int:
        """Cores of each fit: processes that share a machine take one, unless another number was given."""
        return 1 if self.elsewhere and sampling.cores == Sampling().cores else sampling.cores


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Spread every argument whose type is a group of options into one option for each of its fields.

    Parameters
    ----------
    command : callable
        With arguments annotated as typer wants them, or with a dataclass of such fields.

    Returns
    -------
    callable
        The command with the signature that typer reads; the groups are put together again when it is called.
    """
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    for p in inspect.signature(command).parameters.values():
        # By keyword: an option that must be given may then follow one that need not.
        one = p.replace(kind=p.KEYWORD_ONLY)
        if not (isinstance(p.annotation, type) and is_dataclass(p.annotation)):
            parameters.append(one)
            continue
        groups[p.name] = p.annotation
        for f in fields(p.annotation):
            default = p.empty if f.default is MISSING else f.default
            parameters.append(one.replace(name=f.name, annotation=f.type, default=default))

    @functools.wraps(command)
    def run(**options: object) -> None:
        for name, group in groups.items():
            options[name] = group(**{f.name: options.pop(f.name) for f in fields(group)})
        command(**options)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run
