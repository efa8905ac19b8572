"""kvfit's side of every comparison: small functions over a `Sample`, parameters in the order of `FREE`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt

import kvfit
from benchmarks.sample import FREE, Sample
from kvfit.inference.hierarchy import build_pymc_model
from kvfit.kernels import match_cue
from kvfit.kernels.match_cue_op import match_cue_log_likelihood
from kvfit.recall.design import RecallDesign, recall_design
from kvfit.recall.likelihood import cell_tables
from kvfit.recall.model import RecallModel
from kvfit.registry import get_model
from kvfit.tasks.free_recall import FreeRecallData

#: cymr's model exactly: its stop rule, its floors, its temperature free
AS_CYMR = "cmr(separation=softmax, stopping=exponential, floors=cymr, temperature=free)"
#: what is sampled, here and by the rivals: the choice rule of cymr, its temperature held
SAMPLED = "cmr(separation=softmax)"
#: cymr's names in kvfit's
NAMES = {
    "B_enc": "beta_enc",
    "B_start": "beta_start",
    "B_rec": "beta_rec",
    "Lfc": "gamma_fc",
    "Lcf": "gamma_cf",
    "P1": "phi_s",
    "P2": "phi_d",
    "T": "temperature",
    "X1": "X1",
    "X2": "X2",
}


def design(sample: Sample) -> RecallDesign:
    """Lay the sample out for the compiled core: one cell a participant."""
    n = sample.n_participants
    return RecallDesign(
        cell_participant=np.arange(n),
        cell_length=np.full(n, sample.list_length),
        cell_start=np.searchsorted(sample.participant, np.arange(n + 1)).astype(np.int64),
        order=np.arange(sample.n_lists),
        recalled=sample.recalled,
        offsets=sample.offsets,
        semantic=np.zeros((0, 0, 0)),
        n_participants=n,
    )


def evaluation(sample: Sample, parameters: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a function that evaluates each participant's log-likelihood (participant,), tables included."""
    model, laid_out = get_model(AS_CYMR), design(sample)
    core = model.core(sample.list_length)
    values = {NAMES[name]: parameters[:, k] for k, name in enumerate(FREE)}

    def evaluate() -> np.ndarray:
        tables = cell_tables(model, laid_out, values)
        lists = match_cue.log_likelihood(core, tables, laid_out.core_data)
        return np.add.reduceat(lists, laid_out.cell_start[:-1])

    return evaluate


def _symbolic(model: RecallModel, laid_out: RecallDesign, free: pt.TensorVariable) -> pt.TensorVariable:
    """Per-list log-likelihood of parameters (participant, 10)."""
    values = {NAMES[name]: free[:, k] for k, name in enumerate(FREE)}
    tables = model.tables(values, laid_out.cell_length, laid_out.n_positions, pt)
    return match_cue_log_likelihood(
        model.core(laid_out.n_positions), tables, tuple(map(pt.constant, laid_out.core_data))
    )


def gradient_evaluation(sample: Sample, parameters: np.ndarray) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return a function that evaluates the total and its gradient (participant, 10), tables included."""
    model, laid_out = get_model(AS_CYMR), design(sample)
    free = pt.matrix("free", shape=parameters.shape)
    total = _symbolic(model, laid_out, free).sum()
    compiled = pytensor.function([free], [total, pytensor.grad(total, free)], mode="NUMBA", trust_input=True)
    return lambda: tuple(compiled(parameters))


def data(sample: Sample) -> FreeRecallData:
    """Read the sample's table."""
    assert sample.events is not None
    return kvfit.read_free_recall(sample.events, name="morton2013_mixed")


def maximum_likelihood(table: FreeRecallData) -> np.ndarray:
    """Log-likelihood (participant,), floored like cymr's, of fits with the defaults of `point_fit`."""
    fit = kvfit.point_fit(AS_CYMR, table, show_progress=False)
    return fit.table["log_likelihood"].to_numpy()


def fit(table: FreeRecallData, **settings: Any) -> Any:
    """Sample the posterior of kvfit's CMR with the exponential rule."""
    return kvfit.fit(SAMPLED, table, show_progress=False, **settings)


def hierarchical_model(table: FreeRecallData) -> Any:
    """Build the `pm.Model` that `fit` samples, in its plain coordinates."""
    return build_pymc_model(get_model(SAMPLED), table, recall_design(table))


def parameters() -> tuple[list[str], dict[str, float]]:
    """Return the free and the fixed parameters of the sampled CMR, by cymr's names where cymr has one."""
    model = get_model(SAMPLED)
    of_cymr = {own: theirs for theirs, own in NAMES.items()}
    free = [of_cymr.get(p.name, p.name) for p in model.parameters]
    return free, {of_cymr.get(name, name): value for name, value in model.fixed.items()}
