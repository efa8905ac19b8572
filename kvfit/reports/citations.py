"""Full references for what models, methods and programs cite in short form."""

from kvfit.reports.content import Citation

MODEL_REFERENCES: dict[str, Citation] = {
    "after Gershman, Fiete & Irie (2025)": Citation(
        "Gershman, S. J., Fiete, I., & Irie, K. (2025). Key-value memory in the brain. Neuron. arXiv:2501.02950."
    ),
    "Polyn, Norman & Kahana (2009)": Citation(
        "Polyn, S. M., Norman, K. A., & Kahana, M. J. (2009). A context maintenance and retrieval model of organizational"
        " processes in free recall. Psychological Review, 116, 129–156.",
        "10.1037/a0014420",
    ),
    "Morton & Polyn (2016)": Citation(
        "Morton, N. W., & Polyn, S. M. (2016). A predictive framework for evaluating models of semantic organization in"
        " free recall. Journal of Memory and Language, 86, 119–140.",
        "10.1016/j.jml.2015.10.002",
    ),
    "Howard & Kahana (2002)": Citation(
        "Howard, M. W., & Kahana, M. J. (2002). A distributed representation of temporal context. Journal of Mathematical"
        " Psychology, 46, 269–299.",
        "10.1006/jmps.2001.1388",
    ),
    "Murdock (1962) for the curve": Citation(
        "Murdock, B. B. (1962). The serial position effect of free recall. Journal of Experimental Psychology, 64, 482–488.",
        "10.1037/h0045106",
    ),
}

METHOD_REFERENCES: tuple[Citation, ...] = (
    Citation(
        "Vehtari, A., Gelman, A., & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out"
        " cross-validation and WAIC. Statistics and Computing, 27, 1413–1432.",
        "10.1007/s11222-016-9696-4",
    ),
    Citation(
        "Yao, Y., Vehtari, A., Simpson, D., & Gelman, A. (2018). Using stacking to average Bayesian predictive"
        " distributions. Bayesian Analysis, 13, 917–1007.",
        "10.1214/17-BA1091",
    ),
    Citation(
        "Hoffman, M. D., & Gelman, A. (2014). The No-U-Turn Sampler. Journal of Machine Learning Research, 15, 1593–1623."
    ),
    Citation(
        "Abril-Pla, O., et al. (2023). PyMC: a modern and comprehensive probabilistic programming framework in Python."
        " PeerJ Computer Science, 9, e1516.",
        "10.7717/peerj-cs.1516",
    ),
    Citation(
        "Martin, O. A., Abril-Pla, O., Deklerk, J., Axen, S. D., Carroll, C., Hartikainen, A., & Vehtari, A. (2026). ArviZ:"
        " a modular and flexible library for exploratory analysis of Bayesian models. Journal of Open Source Software, 11,"
        " 9889.",
        "10.21105/joss.09889",
    ),
)


def model_references(reference: str) -> tuple[Citation, ...]:
    """References of a model's short form ``"A (2009); B (2016)"``; unknown ones are quoted as they are."""
    parts = [part.strip() for part in reference.split(";")]
    return tuple(MODEL_REFERENCES.get(part, Citation(part)) for part in parts if part != "baseline")
