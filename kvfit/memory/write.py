"""Write rules: what storing a pair does to the traces that are there already.

Rules are stated in dual form, as operations on traces. Hebb, decay and the delta rule also exist in primal form, on one
matrix (:mod:`kvfit.memory.primal`), and agree with it.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from kvfit.memory.read import read
from kvfit.memory.separation import Separation, divide
from kvfit.memory.similarity import Kernel
from kvfit.memory.traces import Traces


class WriteRule(Protocol):
    """What a memory asks of a write rule."""

    def write(self, old: Traces, new: Traces, kernel: Kernel, separation: Separation) -> Traces:
        """Traces after the `new` pairs were written in their order."""
        ...


@dataclass(frozen=True)
class Hebb:
    """Add a trace and leave all others as they are: indelible storage, ``M += k^T v``."""

    def write(self, old: Traces, new: Traces, kernel: Kernel, separation: Separation) -> Traces:
        """Traces after the `new` pairs were written in their order."""
        return old.joined(new)


@dataclass(frozen=True)
class Decay:
    """Each write leaves all earlier traces with ``1 - rate`` of their strength, ``M = (1 - rate) M + k^T v``.

    Attention compares strengths, so under a normalised separation only differences in age matter.
    """

    rate: float

    def write(self, old: Traces, new: Traces, kernel: Kernel, separation: Separation) -> Traces:
        """Traces after the `new` pairs were written in their order."""
        kept, n = 1.0 - self.rate, new.n_traces
        faded = replace(old, strengths=old.strengths * kept**n)
        return faded.joined(replace(new, strengths=new.strengths * kept ** np.arange(n - 1, -1, -1)))


@dataclass(frozen=True)
class Delta:
    """Write the difference between a value and what its key retrieves: overwriting, ``M += rate k^T (v - k M)``.

    The dual form keeps the differences as values (Schlag, Irie & Schmidhuber 2021 for the matrix; with any kernel it is
    kernel least mean squares, Liu, Pokharel & Principe 2008). The read must be linear in the values without a share of
    attention; for others see :class:`Erase`.
    """

    rate: float = 1.0

    def write(self, old: Traces, new: Traces, kernel: Kernel, separation: Separation) -> Traces:
        """Traces after the `new` pairs were written in their order."""
        if separation.normalised or not separation.linear:
            raise ValueError(
                f"the delta rule corrects a linear read, but {type(separation).__name__} is not linear: use"
                " separation=Identity(), or write=Erase(rate)"
            )
        target = new.values - read(kernel, separation, old, new.keys)
        # what earlier pairs of the same batch contribute: (1 + rate L) errors = rate (values - before)
        strengths = new.strengths[..., None, :]
        earlier = np.tril(kernel(new.keys, new.keys) * strengths, -1)
        errors = np.linalg.solve(np.eye(new.n_traces) + self.rate * earlier, self.rate * target)
        return old.joined(replace(new, values=errors))


@dataclass(frozen=True)
class Erase:
    """Each write takes the share ``rate * alpha`` from the strength of every earlier trace.

    alpha is the weight that the new key gives to the earlier trace, relative to the weight of the new trace itself and at
    most 1: traces of the same cue are replaced, unrelated ones stay. Erasure for memories of any separation.
    """

    rate: float = 1.0

    def write(self, old: Traces, new: Traces, kernel: Kernel, separation: Separation) -> Traces:
        """Traces after the `new` pairs were written in their order."""
        both = old.joined(new)
        strengths = both.strengths.copy()
        for n in range(old.n_traces, both.n_traces):
            # the new trace stands in the comparison, or the best of several poor matches would be erased
            weights = separation.raw(kernel(both.keys[..., n : n + 1, :], both.keys[..., : n + 1, :]))[..., 0, :]
            alpha = np.clip(divide(weights[..., :n], weights[..., n:]), 0.0, 1.0)
            strengths[..., :n] *= 1.0 - self.rate * alpha
        return replace(both, strengths=strengths)


@dataclass(frozen=True)
class Slots:
    """Three-factor rule over a fixed number of slots (Tyulmankov et al. 2021).

    The slot written longest ago is eligible (gamma = 1, all others 0): its key moves to the new key by ``rate (x - K)``,
    then its value by ``rate alpha (v - V)``, alpha being the attention that the new key pays to the slot. A slot takes part
    in reading once it has been written.

    Parameters
    ----------
    n_slots : int
    rate : float
        mu; 1 replaces the slot.
    """

    n_slots: int
    rate: float = 1.0

    def write(self, old: Traces, new: Traces, kernel: Kernel, separation: Separation) -> Traces:
        """Traces after the `new` pairs were written in their order."""
        if not separation.normalised:
            raise ValueError(
                f"the slot rule needs shares of attention, but those of {type(separation).__name__} do not sum to 1: use"
                " Softmax, Normalise or another separation with normalised=True"
            )
        slots = old.joined(new.without())
        if not slots.n_traces:
            slots = _empty(new, self.n_slots)
        keys, values, strengths = slots.keys.copy(), slots.values.copy(), slots.strengths.copy()
        written = slots.written.copy()
        for n in range(new.n_traces):
            eligible = int(np.argmin(written))
            keys[..., eligible, :] += self.rate * (new.keys[..., n, :] - keys[..., eligible, :])
            strengths[..., eligible] = new.strengths[..., n]
            written[eligible] = new.written[n]
            match = kernel(new.keys[..., n : n + 1, :], keys)
            alpha = separation(match, strengths)[..., 0, eligible, None]
            values[..., eligible, :] += self.rate * alpha * (new.values[..., n, :] - values[..., eligible, :])
        return Traces(keys, values, strengths, written)


def _empty(like: Traces, n_slots: int) -> Traces:
    leading = like.strengths.shape[:-1]
    return Traces(
        np.zeros((*leading, n_slots, like.keys.shape[-1])),
        np.zeros((*leading, n_slots, like.values.shape[-1])),
        np.zeros((*leading, n_slots)),
        np.zeros(n_slots, np.int64),
    )
