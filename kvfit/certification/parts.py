"""The parts of a certificate, one function each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kvfit.batch.job import Job
from kvfit.batch.runner import run_batch
from kvfit.certification import rules
from kvfit.certification.golden import check_golden
from kvfit.certification.identification import identification, information
from kvfit.certification.part import Part, checks_plain, failed
from kvfit.certification.plan import Plan
from kvfit.certification.power import power_words
from kvfit.certification.timing import time_model
from kvfit.checks.result import CheckResult
from kvfit.interrupts import raise_interrupt
from kvfit.memory_model import MemoryModel
from kvfit.recovery.coverage import coverage_by_set
from kvfit.recovery.study import Where


@dataclass(frozen=True, eq=False)
class Work:
    """One model's certification: what is made once and used by several parts.

    Parameters
    ----------
    model : MemoryModel
        Not bound.
    definition : str
        Key of its definition.
    plan : Plan
    where : Where
        Where results are kept and work is done; the store is of this definition alone.
    """

    model: MemoryModel
    definition: str
    plan: Plan
    where: Where

    def job(self, function: Callable[..., Any], label: str) -> Mapping[str, Any]:
        """Result of a function of the model, found or made."""
        settings = {"model": self.model.label, "definition": self.definition, "plan": self.plan.plain()}
        job = Job(function, settings, f"{label} {self.model.label}")
        batch = run_batch([job], **vars(self.where), label=f"{self.model.label}: {label}")
        result: Mapping[str, Any] = batch.results[0]
        return result

    @cached_property
    def design(self) -> Any:
        """The experiment."""
        return self.plan.design(self.model.task)

    @cached_property
    def recovery(self) -> Any:
        """Maximum-likelihood recovery."""
        from kvfit.recovery.recover import recover

        plan = self.plan
        return recover(
            self.model, self.design, replicates=plan.replicates, starts=plan.starts, seed=plan.seed, **vars(self.where)
        )

    @cached_property
    def calibration(self) -> Any:
        """Simulation-based calibration."""
        from kvfit.recovery.calibrate import calibrate

        plan = self.plan
        return calibrate(
            self.model, self.design, simulations=plan.simulations, seed=plan.seed, **vars(self.where), **plan.sampling
        )

    @cached_property
    def coverage(self) -> Any:
        """Coverage of the posterior's intervals, from the fits of the calibration."""
        return coverage_by_set(self.calibration.persons, rules.COVERAGE_CERTAINTY)


def run_checks(*, model: str, definition: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Checks of a model (a job)."""
    from kvfit.check import check_model

    return {"checks": checks_plain(check_model(model, seed=int(plan["seed"])).checks)}


def golden(work: Work) -> Part:
    """Published numbers."""
    what, checks = check_golden(work.model)
    if not checks:
        return Part("golden", None, what)
    n_passed = sum(check.passed for check in checks)
    words = f"{n_passed} of {len(checks)} agree" if len(checks) > 1 else "agrees" if n_passed else "differs"
    return Part("golden", n_passed == len(checks), f"{what}: {words}", checks)


def checks(work: Work) -> Part:
    """The checks of `check_model`."""
    found = tuple(CheckResult(**one) for one in work.job(run_checks, "checks")["checks"])
    bad = [check.name for check in found if not check.passed]
    summary = f"failed: {', '.join(bad)}" if bad else f"all {len(found)} checks passed"
    return Part("checks", not bad, summary, found)


def recovery(work: Work) -> Part:
    """Parameters found again by maximum likelihood."""
    found = work.recovery
    n_wanted = found.n_replicates * work.design.n_participants
    n_persons = len(found.persons[["replicate", "subject"]].drop_duplicates())
    # the searches of a data set that broke are lost as well
    lost = int(found.table["failed"].max()) + n_wanted - n_persons
    enough = n_wanted >= rules.FEWEST_PERSONS
    summary = f"{lost} of {n_wanted} estimates failed"
    if not enough:
        summary += f"; too few persons: at least {rules.FEWEST_PERSONS} are needed"
    table = found.table.drop(columns=["coverage_lower", "coverage_upper", "correlation"])
    words = {f"{found.verdict()} Coverage is that of approximate intervals (curvature)": table}
    return Part(
        "recovery", enough and lost <= rules.MOST_FAILED * n_wanted, summary, tables=words, figure=found.figure()
    )


def calibration(work: Work) -> Part:
    """Ranks of true values among posterior draws."""
    from kvfit.reports.figures.calibration import calibration_figure

    found = work.calibration
    table = found.table.assign(passed=found.table["p_adjusted"] >= rules.FALSE_ALARM)
    n_wanted, n_done = work.plan.simulations, len(found.ranks)
    wrong = list(table.loc[~table["passed"], "quantity"])
    problems = [f"not uniform: {', '.join(wrong)}"] if wrong else []
    if n_wanted < rules.FEWEST_SIMULATIONS:
        problems.append(f"too few data sets: at least {rules.FEWEST_SIMULATIONS} are needed")
    if n_wanted - n_done > rules.MOST_FAILED * n_wanted:
        problems.append(f"{n_wanted - n_done} of {n_wanted} fits broke")
    summary = f"ranks of {len(table)} quantities in {n_done} data sets: {'; '.join(problems) or 'all uniform'}"
    summary += f"; smallest p {table['p_adjusted'].min():.2g} (Holm)"
    rhat = np.array([result["rhat"] for result in found.batch.done])
    diverging = sum(result["divergences"] > 0 for result in found.batch.done)
    unsound = sum(not result["passed"] for result in found.batch.done)
    if unsound > rules.MOST_UNSOUND * n_wanted:
        problems.append(f"{unsound} of {n_done} fits failed the sampler's checks")
    summary += (
        f"; {unsound} of the fits failed the sampler's checks ({diverging} had divergences; the largest r-hat of a fit was"
        f" {np.median(rhat):.3f} in the median and {rhat.max():.3f} at most); {power_words(n_done, len(table))}"
    )
    figure = calibration_figure(found.pit, dict(zip(table["quantity"], table["passed"], strict=True)))
    shown = table.sort_values("p_adjusted", kind="stable").drop(columns="passed")
    return Part("calibration", not problems, summary, tables={"": shown}, figure=figure)


def coverage(work: Work) -> Part:
    """Posterior intervals that hold the truth."""
    table = work.coverage
    low, high = rules.COVERAGE - rules.COVERAGE_SLACK, rules.COVERAGE + rules.COVERAGE_SLACK
    bad = table[(table["coverage_upper"] < low) | (table["coverage_lower"] > high)]
    lowest, highest = (table.loc[k] for k in (table["coverage"].idxmin(), table["coverage"].idxmax()))
    summary = (
        f"{rules.COVERAGE:.0%} posterior intervals of single persons held the truth in {lowest['coverage']:.0%}"
        f" ({lowest['parameter']}) to {highest['coverage']:.0%} ({highest['parameter']})"
    )
    if len(bad):
        summary += f"; certainly outside {low:.0%} to {high:.0%}: {', '.join(bad['parameter'])}"
    if work.plan.simulations < rules.FEWEST_SIMULATIONS:
        return Part("coverage", False, f"{summary}; too few data sets", tables={"": table})
    return Part("coverage", not len(bad), summary, tables={"": table})


def identify(work: Work) -> Part:
    """What identifies what."""
    try:
        of_posterior = work.coverage
    except Exception as error:  # its own part says so
        raise_interrupt(error)
        of_posterior = None
    return identification(work.recovery, of_posterior, work.job(information, "information"))


def behave(work: Work) -> Part:
    """What the prior says about behaviour."""
    from kvfit.certification.behaviour import behaviour

    return behaviour(work.model, work.plan.seed)


def timing(work: Work) -> Part:
    """Likelihood and gradient against a matrix product."""
    return time_model(work.model.bind(work.design), work.design, work.plan.seed)


#: In the order of the page.
PARTS: dict[str, Callable[[Work], Part]] = {
    "golden": golden,
    "checks": checks,
    "behaviour": behave,
    "recovery": recovery,
    "calibration": calibration,
    "coverage": coverage,
    "identification": identify,
    "timing": timing,
}
#: Parts that take seconds, done for all models before the first calibration begins.
QUICK = ("golden", "checks", "recovery")


def run_part(name: str, work: Work) -> Part:
    """Do a part; one that breaks with an error has failed, and says so."""
    try:
        return PARTS[name](work)
    except Exception as error:  # a model under test may break in any way
        raise_interrupt(error)
        return failed(name, error)


def in_folder(where: Where, model: MemoryModel, definition: str) -> Where:
    """Results of one definition of a model, in a folder of their own below the store."""
    from kvfit.store import folder_name

    return replace(where, store=Path(where.store or "fits") / "certification" / folder_name(model.label, definition))
