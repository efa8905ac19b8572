"""Compiled loops from person effects on the unconstrained scale to natural values, and their log density.

Written out for the time that a model takes to compile: the same as a graph (columns put in order, transformed by link and
split into one vector a parameter, and the adjoints of all that) was a third of the compile time of CMR.

Shapes: effects ``theta (person, k)``, population mean ``mu (parameter,)``, ``sigma (k,)``. Parameter p is column
``column[p]`` of the effects, or shared by all persons (-1).
"""

import numpy as np
from numba import njit

#: codes of links; the formulas are those of :meth:`kvfit.parameters.Parameter.to_natural`
LINKS = {"unit": 0, "log": 1, "softplus": 2, "real": 3}
_LOG_2_PI = float(np.log(2 * np.pi))


@njit(nogil=True)
def _value_and_slope(x, link):  # type: ignore[no-untyped-def]
    """Natural value, and its derivative by the unconstrained one."""
    if link == 3:
        return x, 1.0
    if link == 1:
        value = np.exp(x)
        return value, value
    # exp of what is negative cannot overflow
    small = np.exp(-abs(x))
    odds = 1.0 / (1.0 + small) if x >= 0 else small / (1.0 + small)
    if link == 0:
        return odds, small / (1.0 + small) ** 2
    return max(x, 0.0) + np.log1p(small), odds


@njit(nogil=True)
def _require_column(theta, column):  # type: ignore[no-untyped-def]
    """Compiled code reads what lies behind an array without a word, so a column that is not there is an error here."""
    if column >= theta.shape[1]:
        raise IndexError("person effects have fewer columns than there are parameters in which persons differ")


@njit(nogil=True)
def natural(theta, mu, p, column, link):  # type: ignore[no-untyped-def]
    """Natural values ``(person,)`` of parameter p."""
    _require_column(theta, column)
    n = theta.shape[0]
    out = np.empty(n)
    for j in range(n):
        out[j] = _value_and_slope(theta[j, column] if column >= 0 else mu[p], link)[0]
    return out


@njit(nogil=True)
def add_pullback(theta, mu, p, column, link, given, g_theta, g_mu):  # type: ignore[no-untyped-def]
    """Add the adjoints for the cotangent `given` ``(person,)`` of parameter p."""
    _require_column(theta, column)
    for j in range(theta.shape[0]):
        if column >= 0:
            g_theta[j, column] += given[j] * _value_and_slope(theta[j, column], link)[1]
        else:
            g_mu[p] += given[j] * _value_and_slope(mu[p], link)[1]


@njit(nogil=True)
def log_density(theta, mu, sigma, own):  # type: ignore[no-untyped-def]
    """Log density ``(person,)`` of ``Normal(mu[own], sigma)``."""
    n, k = theta.shape
    constant = 0.0
    for i in range(k):
        constant -= np.log(sigma[i]) + 0.5 * _LOG_2_PI
    out = np.empty(n)
    for j in range(n):
        total = constant
        for i in range(k):
            z = (theta[j, i] - mu[own[i]]) / sigma[i]
            total -= 0.5 * z * z
        out[j] = total
    return out


@njit(nogil=True)
def log_density_pullback(theta, mu, sigma, own, given):  # type: ignore[no-untyped-def]
    """Adjoints of theta, mu and sigma for the cotangent `given` ``(person,)``."""
    n, k = theta.shape
    g_theta, g_mu, g_sigma = np.empty((n, k)), np.zeros(mu.size), np.zeros(k)
    for j in range(n):
        for i in range(k):
            z = (theta[j, i] - mu[own[i]]) / sigma[i]
            g = given[j] * z / sigma[i]
            g_theta[j, i] = -g
            g_mu[own[i]] += g
            g_sigma[i] += g * z - given[j] / sigma[i]
    return g_theta, g_mu, g_sigma
