"""Which model do people use? Random-effects Bayesian model selection over participants.

Every participant's responses come from one of the models; how many participants use each is unknown. Variational
solution of Stephan et al. (2009), NeuroImage 46, 1004-1017; Bayesian omnibus risk and protected exceedance probability of
Rigoux, Stephan, Friston & Daunizeau (2014), NeuroImage 84, 971-985.
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.special import gammaln, logsumexp, psi
from scipy.stats import beta, gamma

_TOLERANCE, _MOST = 1e-8, 10_000


@dataclass(frozen=True, eq=False)
class GroupSelection:
    """Posterior of the models' frequencies in the population.

    Parameters
    ----------
    alpha : numpy.ndarray
        ``(model,)``: parameters of the Dirichlet posterior of the frequencies.
    responsibility : numpy.ndarray
        ``(participant, model)``: probability that this model is the participant's.
    exceedance : numpy.ndarray
        ``(model,)``: probability that this model is more frequent than every other.
    protected : numpy.ndarray
        ``(model,)``: the same, if it is not certain that frequencies differ at all.
    omnibus_risk : float
        Probability that all models are equally frequent, differences being chance.
    """

    alpha: np.ndarray
    responsibility: np.ndarray
    exceedance: np.ndarray
    protected: np.ndarray
    omnibus_risk: float

    @property
    def frequency(self) -> np.ndarray:
        """Posterior mean of the share of the population that uses each model, ``(model,)``."""
        share: np.ndarray = self.alpha / self.alpha.sum()
        return share

    def interval(self, probability: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Equal-tailed interval of each frequency, ``(model,)`` both."""
        tail = (1 - probability) / 2
        rest = self.alpha.sum() - self.alpha
        return np.asarray(beta.ppf(tail, self.alpha, rest)), np.asarray(beta.ppf(1 - tail, self.alpha, rest))


def group_selection(log_evidence: np.ndarray) -> GroupSelection:
    """Infer model frequencies from the log evidence of every participant.

    Parameters
    ----------
    log_evidence : numpy.ndarray
        ``(participant, model)``, at least two models.

    Returns
    -------
    GroupSelection
        Under a uniform prior over frequencies.

    Raises
    ------
    ValueError
        If the shape is wrong or values are not finite.
    """
    if log_evidence.ndim != 2 or log_evidence.shape[1] < 2:
        raise ValueError(f"log evidence: expected (participant, model), at least 2 models; found {log_evidence.shape}")
    if not np.isfinite(log_evidence).all():
        raise ValueError(f"log evidence: {int((~np.isfinite(log_evidence)).sum())} values are not finite")
    n_models = log_evidence.shape[1]
    start = np.ones(n_models)
    alpha = start + len(log_evidence) / n_models
    for _ in range(_MOST):
        log_g = log_evidence + psi(alpha) - psi(alpha.sum())
        g = np.exp(log_g - logsumexp(log_g, axis=1, keepdims=True))
        new = start + g.sum(axis=0)
        settled = float(np.abs(new - alpha).max()) < _TOLERANCE
        alpha = new
        if settled:
            break
    risk = 1.0 / (1.0 + np.exp(np.clip(_free_energy(log_evidence, g, alpha) - _null(log_evidence), -700, 700)))
    exceedance = _exceedance(alpha)
    return GroupSelection(alpha, g, exceedance, (1 - risk) * exceedance + risk / n_models, float(risk))


def _free_energy(log_evidence: np.ndarray, g: np.ndarray, alpha: np.ndarray) -> float:
    """Lower bound of the log probability of the data if frequencies are unknown (Rigoux et al., appendix)."""
    expected = psi(alpha) - psi(alpha.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = np.where(g > 0, g * np.log(g), 0.0)
    of_persons = float((g * (log_evidence + expected)).sum() - entropy.sum())
    # minus the divergence of the Dirichlet posterior from the uniform prior
    log_norm = float(gammaln(alpha.sum()) - gammaln(alpha).sum())
    return of_persons + float(gammaln(alpha.size)) - log_norm - float(((alpha - 1) * expected).sum())


def _null(log_evidence: np.ndarray) -> float:
    """Log probability of the data if all models are equally frequent."""
    return float((logsumexp(log_evidence, axis=1) - np.log(log_evidence.shape[1])).sum())


def _exceedance(alpha: np.ndarray) -> np.ndarray:
    """Probability that each share of a Dirichlet distribution is the largest: gamma variates, one integral a model."""
    found = []
    for k, own in enumerate(alpha):
        others = np.delete(alpha, k)

        def integrand(x: float, own: float = own, others: np.ndarray = others) -> float:
            return float(gamma.pdf(x, own) * np.prod(gamma.cdf(x, others)))

        low, high = float(gamma.ppf(1e-12, own)), float(gamma.ppf(1 - 1e-12, own))
        found.append(quad(integrand, low, high, limit=200)[0])
    values = np.array(found)
    share: np.ndarray = values / values.sum()
    return share
