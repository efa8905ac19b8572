"""Checks of the symbolic form: equal to NumPy's, with gradients that are right and finite over the prior."""

import numpy as np

from kvfit.checks.recognition.bench import RecognitionBench, describe, person_sums
from kvfit.checks.result import CheckResult

_FORMS_TOLERANCE = 1e-9
_GRADIENT_TOLERANCE = 1e-5
#: Of the differences, in prior standard deviations: short, because the second derivative of tabulated evidence jumps at
#: the knots, which makes differences across a knot wrong in proportion to the step.
_STEP = 1e-5


def forms_agree(bench: RecognitionBench) -> CheckResult:
    """Compare the log probabilities that NumPy and PyTensor compute from one formula."""
    x = bench.points(bench.varied.n_participants, 3.0, bench.rng(5))
    ours = bench.model.log_probabilities(bench.varied, bench.natural(x))
    symbolic = bench.symbolic(x)[0]
    if ours.shape != symbolic.shape:
        return CheckResult("forms", False, f"NumPy gives shape {ours.shape}, PyTensor {symbolic.shape}")
    error = float((np.abs(ours - symbolic) / (1.0 + np.abs(ours))).max())
    return CheckResult(
        "forms",
        bool(error < _FORMS_TOLERANCE),
        f"log probabilities of {ours.shape[0]} cells from NumPy and PyTensor differ by {error:.1e}",
    )


def gradient_is_right(bench: RecognitionBench) -> CheckResult:
    """Compare the symbolic gradient, and the objective's, with five-point differences of the log-likelihood."""
    design = bench.varied
    x = bench.points(design.n_participants, 1.5, bench.rng(6))
    differences = np.empty_like(x)
    for k in range(x.shape[1]):
        step = np.zeros(x.shape[1])
        step[k] = _STEP * bench.scale[k]

        def total(multiple: int, step: np.ndarray = step) -> np.ndarray:
            moved = bench.natural(x + multiple * step)
            return person_sums(design, bench.model.log_probabilities(design, moved))

        differences[:, k] = (total(-2) - 8 * total(-1) + 8 * total(1) - total(2)) / (12 * step[k])
    gradient = bench.symbolic(x)[1]
    objective = np.array(
        [
            bench.model.objective(design.one_participant(person)).value_and_gradient(x[person])[1]
            for person in range(design.n_participants)
        ]
    )
    # relative to the largest slope of the participant, because others may vanish
    size = 1.0 + np.abs(differences).max(axis=1, keepdims=True)
    errors = [float((np.abs(one - differences) / size).max()) for one in (gradient, objective)]
    return CheckResult(
        "gradient",
        all(error < _GRADIENT_TOLERANCE for error in errors),
        f"at {len(x)} points of the prior the symbolic gradient differs from five-point differences by"
        f" {errors[0]:.1e} and the objective's by {errors[1]:.1e}, relative to the largest slope",
    )


def finite_over_prior(bench: RecognitionBench) -> CheckResult:
    """Ask for finite log probabilities and gradients within three prior standard deviations, corners included."""
    rng = bench.rng(7)
    n, k = bench.varied.n_participants, bench.location.size
    bad: list[str] = []
    for z in (rng.uniform(-3.0, 3.0, (n, k)), rng.choice([-3.0, 3.0], (n, k)), rng.choice([-3.0, 3.0], (n, k))):
        values = bench.location + bench.scale * z
        table, gradient = bench.symbolic(values)
        broken = ~np.isfinite(gradient).all(axis=1)
        broken |= ~np.isfinite(person_sums(bench.varied, table))
        bad += [describe(bench.natural(values), person) for person in np.flatnonzero(broken)]
    detail = f"value and gradient at {3 * n} points within 3 prior sd, two thirds of them corners"
    if bad:
        detail = f"not finite at {len(bad)} of {3 * n} points within 3 prior sd, first at {bad[0]}"
    return CheckResult("finite", not bad, detail)
