"""Checks that NumPy and PyTensor agree, the gradient is right and everything stays finite over the prior."""

import numpy as np

from kvfit.checks.bench import Bench
from kvfit.checks.result import CheckResult
from kvfit.recall.design import RecallDesign

TABLE_TOLERANCE = 1e-10
GRADIENT_TOLERANCE = 1e-6
#: Share of derivatives that may lie at a kink (a floor or a bound), where finite differences mean nothing.
KINKS_ALLOWED = 0.05
_STEP = 2e-3
_TABLE_NAMES = ("initial", "cue", "scalars", "stop")


def tables_agree(bench: Bench) -> CheckResult:
    """Compare the tables with the shapes that the core wants, and those of NumPy with those of PyTensor."""
    design = bench.varied
    cells, n = design.cell_length.size, design.n_positions
    channels = bench.model.channels
    shapes = ((cells, channels, n), (cells, n, channels, n), (cells, 6), (cells, 2, n + 1))
    x = bench.points(cells, 3.0, bench.rng(5))
    numpy_tables = bench.tables(design, x)
    problems = [
        f"{name}: expected shape {shape}, found {table.shape}"
        for name, shape, table in zip(_TABLE_NAMES, shapes, numpy_tables, strict=True)
        if table.shape != shape
    ]
    error = 0.0
    if not problems:
        for name, ours, theirs in zip(_TABLE_NAMES, numpy_tables, bench.symbolic(x)[2:], strict=True):
            if theirs.shape != ours.shape:
                problems.append(f"{name}: shape {ours.shape} in NumPy, {theirs.shape} in PyTensor")
                continue
            difference = float((np.abs(ours - theirs) / (1.0 + np.abs(ours))).max())
            if not difference < TABLE_TOLERANCE:
                problems.append(f"{name}: NumPy and PyTensor differ by {difference:.1e}")
            error = max(error, difference)
    found = "; ".join(problems) or f"shapes fit the core; NumPy and PyTensor differ by {error:.1e}"
    return CheckResult("tables", not problems, found)


def gradient_is_right(bench: Bench) -> CheckResult:
    """Compare the gradient through PyTensor and the adjoint with differences of the NumPy likelihood."""
    design = bench.varied
    x = bench.points(design.n_participants, 1.5, bench.rng(6))
    gradient = np.asarray(bench.symbolic(x)[1])
    coarse, fine = (_differences(bench, design, x, step * _STEP) for step in (1.0, 0.5))
    size = 1.0 + np.abs(fine)
    smooth = np.abs(coarse - fine) < GRADIENT_TOLERANCE * size
    kinks = 1.0 - float(smooth.mean())
    error = np.where(smooth, np.abs(gradient - fine) / size, 0.0)
    # NaN must fail, and max() of an array with NaN is NaN
    worst = float(error.max())
    passed = worst < GRADIENT_TOLERANCE and kinks <= KINKS_ALLOWED
    name = bench.model.parameters[int(np.argmax(error.max(axis=0)))].name
    detail = (
        f"{smooth.sum()} derivatives within 1.5 prior sd differ from central differences by {worst:.1e} (worst: {name})"
    )
    if kinks:
        detail += (
            f"; {kinks:.1%} of the derivatives lie at a floor or bound and were left out (at most {KINKS_ALLOWED:.0%})"
        )
    return CheckResult("gradient", bool(passed), detail)


def _differences(bench: Bench, design: RecallDesign, x: np.ndarray, relative_step: float) -> np.ndarray:
    """Five-point central differences ``(cell, parameter)`` of each cell's log-likelihood."""
    out = np.empty_like(x)
    for k in range(x.shape[1]):
        step = np.zeros(x.shape[1])
        step[k] = relative_step * bench.scale[k]

        def total(multiple: int, step: np.ndarray = step) -> np.ndarray:
            ll = bench.log_likelihood(design, x + multiple * step)
            return np.add.reduceat(ll, design.cell_start[:-1])

        out[:, k] = (total(-2) - 8 * total(-1) + 8 * total(1) - total(2)) / (12 * step[k])
    return out


def finite_over_prior(bench: Bench) -> CheckResult:
    """Ask for a finite value and gradient within three prior standard deviations, corners included."""
    rng = bench.rng(7)
    n, k = bench.varied.n_participants, bench.location.size
    inside = rng.uniform(-3.0, 3.0, (n, k))
    corners = rng.choice([-3.0, 3.0], (n, k))
    bad: list[str] = []
    for z in (inside, corners):
        ll, gradient = bench.symbolic(bench.location + bench.scale * z)[:2]
        broken = ~np.isfinite(gradient).all(axis=1)
        broken |= ~np.isfinite(np.add.reduceat(ll, bench.varied.cell_start[:-1]))
        for cell in np.flatnonzero(broken):
            values = bench.natural(bench.location + bench.scale * z[cell])
            bad.append(", ".join(f"{name} = {float(value):.3g}" for name, value in values.items()))
    detail = f"value and gradient at {2 * n} points within 3 prior sd, half of them corners"
    if bad:
        detail = f"not finite at {len(bad)} of {2 * n} points within 3 prior sd, first at {bad[0]}"
    return CheckResult("finite", not bad, detail)
