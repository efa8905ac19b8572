"""Compiled loops behind the sampler's coordinates of person effects (algebra: :mod:`kvfit.inference.preconditioner`).

Written out, because the same algebra as a graph of batched Cholesky factors and triangular solves doubled the time that a
model took to compile (68 against 132 s for CMR on a busy machine).

Shapes: effects ``theta``, coordinates ``eta`` and pull ``b`` are ``(person, k)``; ``mu`` and ``sigma`` ``(k,)``;
displacements ``s`` of the values that all persons share ``(q,)``, and ``f`` of them and their products
``(q + q (q + 1) / 2,)``; curvature ``H (person, k, k)``, coupling ``C (person, k, f)`` and deformation
``D (f, k, k)``. Of the population's means ``(parameter,)``, ``own (k,)`` are those of effects and ``shared (q,)`` the
shared values themselves, expected at ``expected (q,)`` with the spread ``reach (q,)``.
"""

import numpy as np
from numba import njit
from numba.extending import register_jitable


@register_jitable
def displacement(value, expected, reach):  # type: ignore[no-untyped-def]
    """Displacement of an unconstrained shared value (or, in Python, of arrays), which ends at twice the reach.

    What persons do is known as far as the reach. Beyond it, and where an unbounded value runs on because the likelihood
    has become flat, they are taken to follow no further.
    """
    return 2.0 * reach * np.tanh((value - expected) / (2.0 * reach))


@njit(nogil=True)
def products(s):  # type: ignore[no-untyped-def]
    """``f``: displacements, and their products ``s_a s_c`` for ``c <= a``."""
    q = s.size
    f = np.empty(q + q * (q + 1) // 2)
    f[:q] = s
    at = q
    for a in range(q):
        for c in range(a + 1):
            f[at] = s[a] * s[c]
            at += 1
    return f


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
def _rest(b, H, C, mu, f, r):  # type: ignore[no-untyped-def]
    """``b - H mu - C f`` into r."""
    for i in range(mu.size):
        total = b[i]
        for m in range(mu.size):
            total -= H[i, m] * mu[m]
        for m in range(f.size):
            total -= C[i, m] * f[m]
        r[i] = total


@njit(nogil=True)
def _deform(f, D, A):  # type: ignore[no-untyped-def]
    """``I + D . f`` into the lower part of A, its diagonal as an exponential; returns the log of the determinant."""
    k = A.shape[0]
    log_determinant = 0.0
    for i in range(k):
        for m in range(i + 1):
            total = 0.0
            for c in range(f.size):
                total += D[c, i, m] * f[c]
            A[i, m] = total
        log_determinant += A[i, i]
        A[i, i] = np.exp(A[i, i])
    return log_determinant


@njit(nogil=True)
def to_effects(eta, mu, sigma, s, H, C, b, D):  # type: ignore[no-untyped-def]
    """``theta = mu + sigma L^-T (L^-1 t + A eta)`` and the log of the Jacobian's determinant of every person."""
    n, k = eta.shape
    A, f = np.empty((k, k)), products(s)
    log_determinant = _deform(f, D, A)
    theta, log_jacobian = np.empty((n, k)), np.empty(n)
    L, r, z = np.empty((k, k)), np.empty(k), np.empty(k)
    for j in range(n):
        _factor(H[j], sigma, L)
        _rest(b[j], H[j], C[j], mu, f, r)
        for i in range(k):
            z[i] = sigma[i] * r[i]
        _solve(L, z)
        total = log_determinant
        for i in range(k):
            for m in range(i + 1):
                z[i] += A[i, m] * eta[j, m]
        _solve_transposed(L, z)
        for i in range(k):
            theta[j, i] = mu[i] + sigma[i] * z[i]
            total += np.log(sigma[i] / L[i, i])
        log_jacobian[j] = total
    return theta, log_jacobian


def to_coordinates(theta, mu, sigma, s, H, C, b, D):  # type: ignore[no-untyped-def]
    """``eta = A^-1 (L^T z - L^-1 t)`` with ``z = (theta - mu) / sigma``; not compiled, since it serves starting values."""
    k, f = mu.size, products(s)
    L = np.linalg.cholesky(np.eye(k) + sigma[:, None] * H * sigma)
    t = sigma * (b - H @ mu - C @ f)
    A = np.tensordot(f, D, axes=1)
    A = np.tril(A, -1) + np.diag(np.exp(np.diagonal(A)))
    z = (np.swapaxes(L, 1, 2) @ ((theta - mu) / sigma)[..., None]) - np.linalg.solve(L, t[..., None])
    return np.linalg.solve(A, z)[..., 0]


@njit(nogil=True)
def to_effects_pullback(eta, mu, sigma, s, H, C, b, D, g_theta, g_log_jacobian):  # type: ignore[no-untyped-def]
    """Vector-Jacobian product of :func:`to_effects` with respect to eta, mu, sigma and s.

    The adjoint of the Cholesky factor is that of Murray (2016), "Differentiation of the Cholesky decomposition",
    arXiv:1602.07527.
    """
    n, k = eta.shape
    g_eta, g_mu, g_sigma, g_s = np.empty((n, k)), np.zeros(k), np.zeros(k), np.zeros(s.size)
    L, G, P = np.zeros((k, k)), np.empty((k, k)), np.empty((k, k))
    A, f = np.zeros((k, k)), products(s)
    _deform(f, D, A)
    g_f = np.zeros(f.size)
    r, u, z, w, t = np.empty(k), np.empty(k), np.empty(k), np.empty(k), np.empty(k)
    for j in range(n):
        _factor(H[j], sigma, L)
        _rest(b[j], H[j], C[j], mu, f, r)
        for i in range(k):
            u[i] = sigma[i] * r[i]
        _solve(L, u)
        for i in range(k):
            z[i] = u[i]
            for m in range(i + 1):
                z[i] += A[i, m] * eta[j, m]
        _solve_transposed(L, z)
        for i in range(k):
            g = g_theta[j, i]
            g_mu[i] += g
            g_sigma[i] += g * z[i] + g_log_jacobian[j] / sigma[i]
            w[i] = sigma[i] * g
        _solve(L, w)  # adjoint of L^-1 t + A eta
        for m in range(k):
            total = 0.0
            for i in range(m, k):
                total += A[i, m] * w[i]
                g = w[i] * eta[j, m] if i > m else A[i, i] * w[i] * eta[j, i] + g_log_jacobian[j]
                for c in range(f.size):
                    g_f[c] += D[c, i, m] * g
            g_eta[j, m] = total
            t[m] = w[m]
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
            for c in range(f.size):
                g_f[c] -= C[j, a, c] * g_r
    at = s.size
    for a in range(s.size):
        g_s[a] += g_f[a]
        for c in range(a + 1):
            g_s[a] += g_f[at] * s[c]
            g_s[c] += g_f[at] * s[a]
            at += 1
    return g_eta, g_mu, g_sigma, g_s


@njit(nogil=True)
def _split(mu, own, shared, expected, reach):  # type: ignore[no-untyped-def]
    """Means of effects ``(k,)`` and displacements ``(q,)``; loops, since array expressions compile for long."""
    of_effects, s = np.empty(own.size), np.empty(shared.size)
    for i in range(own.size):
        of_effects[i] = mu[own[i]]
    for i in range(shared.size):
        s[i] = displacement(mu[shared[i]], expected[i], reach[i])
    return of_effects, s


@njit(nogil=True)
def effects_from_population(eta, mu, sigma, H, C, b, D, own, shared, expected, reach):  # type: ignore[no-untyped-def]
    """:func:`to_effects` from the population's means ``(parameter,)``."""
    of_effects, s = _split(mu, own, shared, expected, reach)
    return to_effects(eta, of_effects, sigma, s, H, C, b, D)


def coordinates_from_population(theta, mu, sigma, H, C, b, D, own, shared, expected, reach):  # type: ignore[no-untyped-def]
    """:func:`to_coordinates` from the population's means ``(parameter,)``."""
    s = displacement(mu[shared], expected, reach)
    return to_coordinates(theta, mu[own], sigma, s, H, C, b, D)


@njit(nogil=True)
def effects_from_population_pullback(  # type: ignore[no-untyped-def]
    eta, mu, sigma, H, C, b, D, own, shared, expected, reach, g_theta, g_log_jacobian
):
    """Adjoints of eta, the population's means and sigma."""
    of_effects, s = _split(mu, own, shared, expected, reach)
    g_eta, g_own, g_sigma, g_s = to_effects_pullback(eta, of_effects, sigma, s, H, C, b, D, g_theta, g_log_jacobian)
    g_mu = np.zeros(mu.size)
    for i in range(own.size):
        g_mu[own[i]] += g_own[i]
    for i in range(shared.size):
        g_mu[shared[i]] += g_s[i] * (1.0 - (s[i] / (2.0 * reach[i])) ** 2)
    return g_eta, g_mu, g_sigma
