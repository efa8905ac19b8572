"""CMR as a network with explicit context vectors and weight matrices: an oracle for kvfit's closed forms.

Written from Polyn, Norman & Kahana (2009) and Morton & Polyn (2016), event by event. Its context and weights
are tested against cymr (``test_golden_cmr.py``).
"""

from collections.abc import Mapping, Sequence

import numpy as np

SUPPORT_FLOOR = 1e-6
STOP_FLOOR = 1e-6


class Network:
    """Item and context layers; context has one unit an item and, last, one for the start of the list.

    Parameters
    ----------
    parameters : mapping
        Names of cymr: B_enc, B_start, B_rec, Afc, Dfc, Lfc, Acf, Dcf, Lcf, P1, P2.
    n_items : int
    """

    def __init__(self, parameters: Mapping[str, float], n_items: int) -> None:
        p = self.parameters = dict(parameters)
        self.n_items = n_items
        unit = np.eye(n_items, n_items + 1)
        any_item = np.pad(np.ones((n_items, n_items)), ((0, 0), (0, 1)))
        self.item_to_context_before = p["Dfc"] * unit + p["Afc"] * any_item
        self.context_to_item_before = p["Dcf"] * unit + p["Acf"] * any_item
        self.item_to_context_learned = np.zeros((n_items, n_items + 1))
        self.context_to_item_learned = np.zeros((n_items, n_items + 1))
        self.context = np.eye(n_items + 1)[n_items]

    def integrate(self, direction: np.ndarray, beta: float) -> None:
        """Move context towards an input; it keeps unit length."""
        c_in = direction / np.linalg.norm(direction)
        overlap = self.context @ c_in
        rho = np.sqrt(1 + beta**2 * (overlap**2 - 1)) - beta * overlap
        self.context = rho * self.context + beta * c_in
        assert np.isclose(np.linalg.norm(self.context), 1.0)

    def study(self) -> None:
        """Study the list in order, then bring back part of the start-of-list context."""
        p = self.parameters
        for i in range(self.n_items):
            self.integrate(self.item_to_context_before[i], p["B_enc"])
            self.item_to_context_learned[i] = p["Lfc"] * self.context
            self.context_to_item_learned[i] = (p["Lcf"] + p["P1"] * np.exp(-p["P2"] * i)) * self.context
        self.integrate(np.eye(self.n_items + 1)[self.n_items], p["B_start"])

    def support(self) -> np.ndarray:
        """Activation ``(item,)`` that context gives to every item."""
        return (self.context_to_item_before + self.context_to_item_learned) @ self.context

    def recall(self, item: int) -> None:
        """Bring back what is linked to an item."""
        direction = self.item_to_context_before[item] + self.item_to_context_learned[item]
        self.integrate(direction, self.parameters["B_rec"])


def event_probabilities(
    parameters: Mapping[str, float], n_items: int, recalls: Sequence[int], floor: float = SUPPORT_FLOOR
) -> list[float]:
    """Probability of every recall (positions from 1) and of stopping after the last.

    Weights are ``exp(2 support / T)``, or, where `parameters` has no T, ``support ** tau``.
    """
    network = Network(parameters, n_items)
    network.study()
    left = list(range(n_items))
    events = []
    for output, position in enumerate([*recalls, None]):
        p_stop = parameters["X1"] * np.exp(parameters["X2"] * output)
        p_stop = min(max(p_stop, STOP_FLOOR), 1 - STOP_FLOOR) if left else 1.0
        if position is None:
            events.append(p_stop)
            break
        support = np.maximum(network.support(), floor)
        power = parameters.get("tau")
        weight = np.exp(2 * support / parameters["T"]) if power is None else support**power
        events.append((1 - p_stop) * weight[position - 1] / weight[left].sum())
        left.remove(position - 1)
        network.recall(position - 1)
    return events
