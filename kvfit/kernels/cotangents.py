"""What pullbacks of kvfit's Ops share."""

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Variable


def connected(outputs: list[Variable], cotangents: list[Variable]) -> list[Variable]:
    """Cotangents, 0 where an output is not used."""
    return [
        pt.zeros_like(out) if isinstance(g.type, DisconnectedType) else g
        for out, g in zip(outputs, cotangents, strict=True)
    ]
