"""Check that a model is sound: a modeller runs it on a new model, the tests on every shipped one."""

import traceback
from collections.abc import Callable
from pathlib import Path

from kvfit.checks.bench import Bench
from kvfit.checks.derivatives import finite_over_prior, gradient_is_right, tables_agree
from kvfit.checks.documentation import documented
from kvfit.checks.edges import edges_of_recall
from kvfit.checks.probabilities import list_length_respected, simulation_agrees, sum_to_one
from kvfit.checks.recognition.bench import RecognitionBench
from kvfit.checks.recognition.checks import RECOGNITION_CHECKS, SLOW_CHECKS
from kvfit.checks.recovery import recovers, recovers_persons
from kvfit.checks.result import CheckResult, ModelReport
from kvfit.interrupts import raise_interrupt
from kvfit.memory_model import MemoryModel
from kvfit.recall.model import RecallModel
from kvfit.recognition.model import RecognitionModel
from kvfit.registry import ModelFamily, get_model

__all__ = ["CheckResult", "ModelReport", "check_model"]

_CHECKS: tuple[tuple[str, Callable[[Bench], CheckResult]], ...] = (
    ("tables", tables_agree),
    ("probabilities", sum_to_one),
    ("list lengths", list_length_respected),
    ("simulation", simulation_agrees),
    ("gradient", gradient_is_right),
    ("finite", finite_over_prior),
    ("edges", edges_of_recall),
    ("recovery", recovers),
)


def check_model(model: str | MemoryModel | ModelFamily, *, seed: int = 0, slow: bool = False) -> ModelReport:
    """Check that a model is sound.

    Parameters
    ----------
    model : str, MemoryModel or ModelFamily
        A name with options such as ``"cmr(stopping=exponential)"``, a model, or a family, whose defaults are
        checked.
    seed : int
        Seed of the points, lists and simulations that are tried; the same seed gives the same report.
    slow : bool
        Also fit 40 simulated persons and correlate true with estimated values (tens of seconds).

    Returns
    -------
    ModelReport
        With ``.ok``, ``.checks`` (name, passed, detail) and a readable ``print(report)``. A check that
        fails, or breaks with an error of the model's own, is reported and never raised.

    Raises
    ------
    kvfit.registry.ModelError
        When `model` names no known model or option.

    Notes
    -----
    Models of recognition are bound to a six-point scale and checked likewise on cells of trials. Of free
    recall, in order: documented; tables of the right shape and equal in NumPy and PyTensor; probabilities that
    sum to 1, in the compiled core and written out literally; lists that score the same beside longer ones;
    simulation that follows the likelihood; gradients that equal finite differences; finite values over the
    prior; numbers at the ends of what the parameters accept; recovery of simulated parameters. Lists have four
    to eight positions, so that a model takes seconds (more on the first run of a new kind of core, which is
    compiled).
    """
    built = model() if isinstance(model, ModelFamily) else get_model(model)
    if isinstance(built, RecognitionModel):
        rating_bench = RecognitionBench(built, seed)
        rating_checks = RECOGNITION_CHECKS + (SLOW_CHECKS if slow else ())
        return ModelReport(built.label, tuple(_run(name, check, rating_bench) for name, check in rating_checks))
    assert isinstance(built, RecallModel)
    bench = Bench(built, seed)
    checks = [*_CHECKS, ("recovery of persons", recovers_persons)] if slow else [*_CHECKS]
    results = [_run("documented", lambda b: documented(b.model, b.model.memory), bench)]
    if built.parameters:
        results += [_run(name, check, bench) for name, check in checks]
    else:
        results.append(CheckResult("parameters", False, "the model has no free parameter to check"))
    return ModelReport(built.label, tuple(results))


def _run[B](name: str, check: Callable[[B], CheckResult], bench: B) -> CheckResult:
    try:
        return check(bench)
    except Exception as error:  # a model under test may break in any way, which is what the report is for
        raise_interrupt(error)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}, line {frame.lineno}"
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        return CheckResult(name, False, f"broke with {type(error).__name__} in {where}: {reason}")
