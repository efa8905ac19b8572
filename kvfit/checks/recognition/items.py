"""Check of the effects of items, which every recognition model offers: they move what they say, and with right slopes."""

import numpy as np

from kvfit.checks.recognition.bench import RecognitionBench, answered
from kvfit.checks.result import CheckResult
from kvfit.items import ITEM_EFFECTS
from kvfit.recognition.design import RecognitionDesign
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.responses import chosen

_N_PARTICIPANTS, _N_ITEMS, _N_TRIALS = 3, 5, 4
_FORMS_TOLERANCE = 1e-9
_GRADIENT_TOLERANCE = 1e-5
_STEP = 1e-4


def item_effects_agree(bench: RecognitionBench) -> CheckResult:
    """Score single trials with effects of items: by table and one by one, in NumPy and PyTensor; check the gradient.

    Effects are drawn as large as the prior expects. Effects of 0 must give the model without items.
    """
    model = bench.model.with_items(bench.items or True)
    rng = bench.rng(8)
    empty = bench.empty(_N_PARTICIPANTS, _N_TRIALS)
    counted = answered(empty, rng.integers(1, empty.n_categories + 1, empty.n_observations))
    design = counted.by_item(rng.integers(0, _N_ITEMS, empty.n_observations), _N_ITEMS)
    x = bench.points(_N_PARTICIPANTS, 1.0, rng)
    scale = np.array([effect.parameter.scale for effect in model.item_effects])
    effects = 0.6 * scale * rng.normal(size=(_N_ITEMS, scale.size))

    def trials(effects: np.ndarray) -> np.ndarray:
        values = {**bench.natural(x), ITEM_EFFECTS: effects}
        return np.asarray(model.log_responses(design, values, design.response))

    ours = trials(effects)
    table = model.log_probabilities(design, {**bench.natural(x), ITEM_EFFECTS: effects})
    without = bench.model.log_probabilities(counted, bench.natural(x))[counted.cell_of_trial]
    symbolic, gradient = _symbolic(model, design, x, effects)
    errors = {
        "one by one and by table": _error(ours, chosen(table, design.response - 1, np)),
        "in PyTensor": _error(ours, symbolic),
        "without effects": _error(trials(0.0 * effects), chosen(without, design.response - 1, np)),
    }
    differences = np.empty_like(effects)
    for at in np.ndindex(effects.shape):
        step = np.zeros_like(effects)
        step[at] = _STEP * scale[at[1]]
        up, down = (trials(effects + s * step).sum() - trials(effects - s * step).sum() for s in (1, 2))
        differences[at] = (8 * up - down) / (12 * step[at])
    errors["gradient"] = float((np.abs(gradient - differences)).max() / (1.0 + np.abs(differences).max()))
    shown = ", ".join(f"{name} {error:.1e}" for name, error in errors.items())
    passed = all(
        error < (_GRADIENT_TOLERANCE if name == "gradient" else _FORMS_TOLERANCE) for name, error in errors.items()
    )
    return CheckResult(
        "items", passed, f"{len(ours)} trials with effects on {' and '.join(model.items)} differ by: {shown}"
    )


def _error(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float((np.abs(ours - theirs) / (1.0 + np.abs(ours))).max())


def _symbolic(
    model: RecognitionModel, design: RecognitionDesign, x: np.ndarray, effects: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log probabilities ``(trial,)`` and gradient ``(item, effect)``, evaluated node by node in Python."""
    import pytensor
    import pytensor.tensor as pt
    from pytensor.compile.mode import Mode

    at, of_items = pt.matrix("x", shape=x.shape), pt.matrix("effects", shape=effects.shape)
    values = {p.name: p.to_natural(at[:, k], pt) for k, p in enumerate(model.parameters)}
    trials = model.log_responses(design, {**values, ITEM_EFFECTS: of_items}, pt.constant(design.response), pt)
    outputs = [trials, pt.grad(trials.sum(), of_items)]
    run = pytensor.function([at, of_items], outputs, mode=Mode(linker="py", optimizer=None))
    found, gradient = run(x, effects)
    return np.asarray(found), np.asarray(gradient)
