"""Is storage indelible, or does it fade or get overwritten? The first claim of the key-value theory, in free recall.

The three accounts are one model with three write rules, ``kv_recall(write=hebb | decay | delta)``: same queries, same
choice, same rule of stopping, which reads what memory still offers (``stopping=match``). CMR and serial positions stand
beside them where lists that were not fitted are predicted. Data:
Pazdera & Kahana (2023; lists of 12 and 24, distractor of 12 and 24 s, within people; final free recall), Murdock (1962;
lists of 20, 30 and 40, between people), Howard & Kahana (1999; immediate and delayed recall; distractors between items).

    KVFIT_DATA=FOLDER python analyses/indelible_or_erasing.py --participants 24     # a quick look
    KVFIT_DATA=FOLDER python analyses/indelible_or_erasing.py                       # all participants (hours)

For each design: hierarchical fits, compared by list and by participant, in which all people share an amount of fading or
overwriting; amounts that are held at a value, which experiments simulated from either side say one could have told;
lists that were not fitted; one list length predicted from another; which parameter a condition moves; final free recall.
A page a design, each with the answers of all, in ``reports/``. What was computed stays in ``fits/``: a run that was
stopped goes on with what is missing.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
from claim_studies import ByAic, Found, Study, answer, answer_by_aic, between, introduce, parser, write
from final_free_recall import final_recall_section
from write_rule_estimates import across_lengths, held_out, moved, words_recalled
from write_rule_figures import amounts_figure, lengths_figure
from write_rule_sections import amounts_section, estimate_sections
from write_rules import AMOUNTS, PARTS, REFERENCES, STORES, Part, Work, held, held_amounts

import kvfit as kv
from kvfit.comparison.families import FamilyClaim
from kvfit.files import write_text
from kvfit.reports.columns import Column
from kvfit.reports.figures.saving import save_figure
from kvfit.reports.own_section import Section, SectionTable

NESTED = (
    "Fading or overwriting of nothing is the indelible store: where storage is indelible the two predict alike and nothing"
    " is decided; how much could be lost is then said by the amounts. People share an amount in these fits and have one"
    " each in the simulations, which therefore find it less often."
)
#: What keeps a claim about a held amount from being one about storage.
NET = "What is seen is net strength: early items that are encoded better hide fading, and items rehearsed less look like it."


def store_claims(part: Part) -> tuple[FamilyClaim, ...]:
    """Stores that lose, against the one that does not."""
    indelible, fading, overwritten = map(part.model, STORES.values())
    kept = "every trace stays as it was written"
    return (
        between("traces fade as more is stored", kept, fading, indelible, NESTED),
        between("neighbours overwrite one another", kept, overwritten, indelible, NESTED),
    )


def amount_claims(part: Part) -> tuple[FamilyClaim, ...]:
    """Storage is indelible, against each amount of fading and overwriting that is held, the same for all people."""
    found = []
    for store, amount in held_amounts():
        what = (
            f"traces do not lose {100 * (1 - amount):.1f} % of their strength with every further item"
            if store == "fading"
            else f"items do not overwrite {100 * amount:.0f} % of what their keys retrieve"
        )
        models = (part.model(label) for label in (STORES["indelible"], held(store, amount)))
        found.append(between(what, "they do", *models, NET))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Answers:
    """What was found in one design."""

    part: Part
    data: kv.FreeRecallData
    study: Study
    amounts: ByAic
    tables: dict[str, pd.DataFrame]
    found: Found | None = None


def amounts_table(found: ByAic) -> pd.DataFrame:
    """Amounts that are held against the indelible store: difference, what it decides, and simulated experiments."""
    rows = []
    for (store, amount), decision in zip(held_amounts(), found.decisions, strict=True):
        (pair,) = decision.claim.pairs
        contrast, known = found.contrasts[pair], found.known.get(pair)
        rows.append(
            {"store": store, "amount": amount, "difference": -contrast.total, "se": contrast.error}
            | {"persons_first": contrast.persons - contrast.persons_first, "persons": contrast.persons}
            | {"said": _said(decision.outcome), "power": known.for_second[1] if known else np.nan}
            | {"mistaken": known.for_second[0] if known else np.nan}
        )
    return pd.DataFrame(rows)


def _said(outcome: str) -> str:
    return {
        "decided for": "excluded",
        "decided against": "better than indelible",
        "better, like neither": "predicts worse; data like neither",
        "worse, like neither": "predicts better; data like neither",
    }.get(outcome, "not decided")


def shared_amounts(fits: Sequence[kv.Fit]) -> pd.DataFrame:
    """How much fades or is overwritten: posterior median and 90 % interval of what all people share."""
    rows = []
    for fit, name in product(fits, [name for name, _ in AMOUNTS.values()]):
        if name in fit.tree["posterior"]:
            draws = fit.tree["posterior"][name].isel(participant=0).to_numpy()
            low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
            people = {"model": fit.label, "people": fit.data.n_participants}
            rows.append(people | {"amount": name, "median": middle, "lower": low, "upper": high})
    return pd.DataFrame(rows)


def held_out_pairs(part: Part, lengths: Sequence[int]) -> list[tuple[str, str, str]]:
    """Which lists are fitted, and which predicted from them."""
    pairs = [("other half", "list % 2 == 0", "list % 2 == 1"), ("other half", "list % 2 == 1", "list % 2 == 0")]
    if not part.between:
        pairs += [
            (f"{b} words from {a}", f"list_length == {a}", f"list_length == {b}") for a, b in permutations(lengths, 2)
        ]
    return pairs


def estimates(part: Part, data: kv.FreeRecallData, work: Work) -> dict[str, pd.DataFrame]:
    """Every table of point estimates."""
    lengths = sorted(int(n) for n in np.unique(data.list_length))
    tables = {"held_out": held_out(data, part, held_out_pairs(part, lengths), work)}
    models = {**STORES, **REFERENCES}
    fitted = work.estimates([(model, data) for model in models.values()], "ml", "maximum likelihood")
    tables["words"] = pd.concat(
        [
            words_recalled(model, data, table, part.columns).assign(model=name)
            for (name, model), table in zip(models.items(), fitted, strict=True)
        ],
        ignore_index=True,
    )
    if len(lengths) > 1:
        tables["lengths"] = across_lengths(data, part.between, work)
    if part.conditions:
        tables["conditions"], tables["shifts"], tables["conditions_words"] = moved(data, part, work)
    return tables


def analyse(part: Part, data: kv.FreeRecallData, arguments: argparse.Namespace) -> Answers:
    """All answers of one design, and its tables as files."""
    print(f"\n{'=' * 100}\n{part.name}")
    introduce(data)
    name = f"indelible_or_erasing_{part.name}"
    study = Study(name, f"Is storage indelible? {part.name}", store_claims(part), "indelible_or_erasing")
    claims = amount_claims(part)
    amounts = answer_by_aic(Study(name, "", claims, pairwise=True), data, arguments)
    work = Work(arguments.store, arguments.workers, arguments.starts, not arguments.quiet)
    tables = {"amounts": amounts_table(amounts), **estimates(part, data, work)}
    keep(tables, name, arguments.output)
    found = None
    if not arguments.aic_only:
        found, fits = answer(study, part.load(arguments.posterior_participants or arguments.participants), arguments)
        shared = {"shared": shared_amounts(list(fits.values()))}
        keep(shared, name, arguments.output)
        tables |= shared
    return Answers(part, data, study, amounts, tables, found)


def keep(tables: dict[str, pd.DataFrame], name: str, folder: Path) -> None:
    """Print tables, and write each as a file."""
    for key, table in tables.items():
        print(f"\n{key}\n{table.round(3).to_string(index=False)}", flush=True)
        write_text(folder / f"{name}_{key}.csv", table.to_csv(index=False))


def everywhere(answers: Sequence[Answers]) -> Section:
    """What all designs say, for every page."""
    rows = []
    for one in answers:
        who = {"data": one.part.name, "people": one.data.n_participants}
        if one.found is not None:
            fitted = {"people": one.found.further.fits[0].data.n_participants}
            for decision in one.found.decisions:
                doubt = " (provisional)" if decision.provisional else ""
                rows.append(who | fitted | {"claim": decision.claim.statement, "said": decision.outcome + doubt})
        table = one.tables["amounts"]
        for (store, (parameter, _)), said in product(AMOUNTS.items(), ("excluded", "better than indelible")):
            values = table.loc[(table["store"] == store) & (table["said"] == said), "amount"]
            found = ", ".join(f"{value:g}" for value in values) or "none"
            rows.append(who | {"claim": f"{store}: {parameter} {said}", "said": found})
    columns = (
        Column("data", "Data"),
        Column("people", "People", "", 0),
        Column("claim", "Question"),
        Column("said", "Answer"),
    )
    return Section(
        "everywhere",
        "What all these experiments say",
        (
            "One row a question and an experiment. Amounts were held at the same value for all people, by AIC; claims go"
            " by hierarchical fits on both levels.",
        ),
        tables=(SectionTable("Answers by experiment", pd.DataFrame(rows), columns),),
    )


def page_sections(one: Answers, answers: Sequence[Answers]) -> tuple[Section, ...]:
    """The page's own sections behind its claims."""
    found = [everywhere(answers), amounts_section(one.part, one.tables["amounts"], one.tables["shared"])]
    found += estimate_sections(one.part, one.tables)
    if "ffr_recalled" in one.data.events:
        found.append(final_recall_section(one.data))
    return tuple(found)


def main() -> None:
    """Analyse the designs in turn; write pages, tables and pictures."""
    options = parser(__doc__)
    names = [part.name for part in PARTS]
    options.add_argument("--data", action="append", choices=names, help="one of the designs; repeatable; default all")
    options.add_argument(
        "--posterior-participants", type=int, default=None, help="of the hierarchical fits; default as --participants"
    )
    options.add_argument("--starts", type=int, default=6, help="of each search for point estimates (default 6)")
    arguments = options.parse_args()
    # all data before any long work, so that what is missing is said at once
    loaded = [(part, part.load(arguments.participants)) for part in PARTS if part.name in (arguments.data or names)]
    answers = [analyse(part, data, arguments) for part, data in loaded]
    for key, drawing in (("amounts", amounts_figure), ("lengths", lengths_figure)):
        tables = [one.tables[key].assign(data=one.part.name) for one in answers if key in one.tables]
        if tables:
            path = arguments.output / f"indelible_or_erasing_{key}.png"
            print(save_figure(drawing(pd.concat(tables, ignore_index=True)), path).resolve())
    for one in answers:
        if one.found is not None:
            write(one.study, one.found, arguments, page_sections(one, answers))


if __name__ == "__main__":
    main()
