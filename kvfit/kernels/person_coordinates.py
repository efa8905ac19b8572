"""Compiled loops behind the sampler's coordinates of person effects (algebra: :mod:`kvfit.inference.preconditioner`).

Written out, because the same algebra as a graph of batched Cholesky factors and triangular solves doubled the time that a
model took to compile (68 against 132 s for CMR on a busy machine).

Shapes: effects ``theta``, coordinates ``eta`` and pull ``b`` are ``(person, k)``; ``mu`` and ``sigma`` ``(k,)``; values
``s`` that all persons share ``(q,)``; curvature ``H (person, k, k)`` and coupling ``C (person, k, q)``.
"""

import numpy as np
from numba import njit


@njit(nogil=True)
def _factor(H, sigma, L):  # type: ignore[no-untyped-def]
    """Cholesky factor of ``I + S H S`` into the lower part of L."""
    k = sigma.size
    for i in range(k):
        for j in range(i + 1):
            total = sigma[i] * H[i, j] * sigma[j] + (1.0 if i == j else 0.0)
            for m in range(j):
                total -= L[i, m] * L[j, m]
            if i == j:
                L[i, i] = np.sqrt(total)
            else:
                L[i, j] = total / L[j, j]


@njit(nogil=True)
def _solve(L, x):  # type: ignore[no-untyped-def]
    """``L^-1 x`` in place."""
    for i in range(x.size):
        total = x[i]
        for m in range(i):
            total -= L[i, m] * x[m]
        x[i] = total / L[i, i]


@njit(nogil=True)
def _solve_transposed(L, x):  # type: ignore[no-untyped-def]
    """``L^-T x`` in place."""
    for i in range(x.size - 1, -1, -1):
        total = x[i]
        for m in range(i + 1, x.size):
            total -= L[m, i] * x[m]
        x[i] = total / L[i, i]


@njit(nogil=True)
def _rest(b, H, C, mu, s, r):  # type: ignore[no-untyped-def]
    """``b - H mu - C s`` into r."""
    for i in range(mu.size):
        total = b[i]
        for m in range(mu.size):
            total -= H[i, m] * mu[m]
        for m in range(s.size):
            total -= C[i, m] * s[m]
        r[i] = total


@njit(nogil=True)
def to_effects(eta, mu, sigma, s, H, C, b):  # type: ignore[no-untyped-def]
    """``theta = mu + sigma L^-T (L^-1 t + eta)`` and ``sum_k log(sigma_k / L_kk)`` of every person."""
    n, k = eta.shape
    theta, log_jacobian = np.empty((n, k)), np.empty(n)
    L, r, z = np.empty((k, k)), np.empty(k), np.empty(k)
    for j in range(n):
        _factor(H[j], sigma, L)
        _rest(b[j], H[j], C[j], mu, s, r)
        for i in range(k):
            z[i] = sigma[i] * r[i]
        _solve(L, z)
        for i in range(k):
            z[i] += eta[j, i]
        _solve_transposed(L, z)
        total = 0.0
        for i in range(k):
            theta[j, i] = mu[i] + sigma[i] * z[i]
            total += np.log(sigma[i] / L[i, i])
        log_jacobian[j] = total
    return theta, log_jacobian


@njit(nogil=True)
def to_coordinates(theta, mu, sigma, s, H, C, b):  # type: ignore[no-untyped-def]
    """``eta = L^T z - L^-1 t`` with ``z = (theta - mu) / sigma``."""
    n, k = theta.shape
    eta = np.empty((n, k))
    L, r, t = np.empty((k, k)), np.empty(k), np.empty(k)
    for j in range(n):
        _factor(H[j], sigma, L)
        _rest(b[j], H[j], C[j], mu, s, r)
        for i in range(k):
            t[i] = sigma[i] * r[i]
        _solve(L, t)
        for i in range(k):
            total = -t[i]
            for m in range(i, k):
                total += L[m, i] * (theta[j, m] - mu[m]) / sigma[m]
            eta[j, i] = total
    return eta


@njit(nogil=True)
def to_effects_pullback(eta, mu, sigma, s, H, C, b, g_theta, g_log_jacobian):  # type: ignore[no-untyped-def]
    """Vector-Jacobian product of :func:`to_effects` with respect to eta, mu, sigma and s.

    The adjoint of the Cholesky factor is that of Murray (2016), "Differentiation of the Cholesky decomposition",
    arXiv:1602.07527.
    """
    n, k = eta.shape
    g_eta, g_mu, g_sigma, g_s = np.empty((n, k)), np.zeros(k), np.zeros(k), np.zeros(s.size)
    L, G, P = np.zeros((k, k)), np.empty((k, k)), np.empty((k, k))
    r, u, z, w, t = np.empty(k), np.empty(k), np.empty(k), np.empty(k), np.empty(k)
    for j in range(n):
        _factor(H[j], sigma, L)
        _rest(b[j], H[j], C[j], mu, s, r)
        for i in range(k):
            u[i] = sigma[i] * r[i]
        _solve(L, u)
        for i in range(k):
            z[i] = u[i] + eta[j, i]
        _solve_transposed(L, z)
        for i in range(k):
            g = g_theta[j, i]
            g_mu[i] += g
            g_sigma[i] += g * z[i] + g_log_jacobian[j] / sigma[i]
            w[i] = sigma[i] * g
        _solve(L, w)  # adjoint of L^-1 t + eta
        for i in range(k):
            g_eta[j, i] = w[i]
            t[i] = w[i]
        _solve_transposed(L, t)  # adjoint of t
        for a in range(k):
            for c in range(a + 1):
                G[a, c] = -z[a] * w[c] - t[a] * u[c]
            G[a, a] -= g_log_jacobian[j] / L[a, a]
        # P = lower part of L' G with its diagonal halved, then L^-T P L^-1
        for a in range(k):
            for c in range(k):
                total = 0.0
                if c <= a:
                    for m in range(a, k):
                        total += L[m, a] * G[m, c]
                    if a == c:
                        total *= 0.5
                P[a, c] = total
        for c in range(k):
            for i in range(k):
                r_i = P[k - 1 - i, c]
                for m in range(k - i, k):
                    r_i -= L[m, k - 1 - i] * P[m, c]
                P[k - 1 - i, c] = r_i / L[k - 1 - i, k - 1 - i]
        for a in range(k):
            _solve_transposed(L, P[a])  # rows: X L^-1 is (L^-T X')'
        for a in range(k):
            total = 0.0
            for c in range(k):
                total += (P[a, c] + P[c, a]) * H[j, a, c] * sigma[c]
            g_sigma[a] += total
        for a in range(k):
            g_sigma[a] += t[a] * r[a]
            g_r = sigma[a] * t[a]
            for c in range(k):
                g_mu[c] -= H[j, a, c] * g_r
            for c in range(s.size):
                g_s[c] -= C[j, a, c] * g_r
    return g_eta, g_mu, g_sigma, g_s
