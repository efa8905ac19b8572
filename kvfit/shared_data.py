"""Data inside a PyMC model that may be exchanged for others of the same design without compiling anew."""

from typing import Any

import numpy as np
import pytensor


def shared_data(name: str, value: np.ndarray) -> Any:
    """Data as a shared variable: an input of the compiled density, where a constant would be written into its code.

    Responses and the sampler's coordinates, which were estimated from them, are given to PyMC models in this way. What the
    design says stays constant, and so do starting values, which are no part of the density. Models that differ in shared
    data only are one to :class:`kvfit.inference.compiled.CompiledModels`, which finds them by their names.

    Parameters
    ----------
    name : str
        Unique within the model.
    value : numpy.ndarray
        Others must have its shape, which the compiled code relies upon.

    Returns
    -------
    TensorSharedVariable
    """
    value = np.ascontiguousarray(value)
    return pytensor.shared(value, name=name, shape=value.shape)
