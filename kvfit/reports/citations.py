"""Full references for what models, methods and programs cite in short form."""

from kvfit.reports.content import Citation

_SEED = Citation(
    "Gershman, S. J., Fiete, I., & Irie, K. (2025). Key-value memory in the brain. Neuron, 113, 1694–1707."
    " arXiv:2501.02950.",
    "10.1016/j.neuron.2025.02.029",
)

#: What a model's short form ``"A (2009); B (2016)"`` stands for, part by part.
MODEL_REFERENCES: dict[str, tuple[Citation, ...]] = {
    "after Gershman, Fiete & Irie (2025)": (_SEED,),
    "Gershman, Fiete & Irie (2025)": (_SEED,),
    "Polyn, Norman & Kahana (2009)": (
        Citation(
            "Polyn, S. M., Norman, K. A., & Kahana, M. J. (2009). A context maintenance and retrieval model of"
            " organizational processes in free recall. Psychological Review, 116, 129–156.",
            "10.1037/a0014420",
        ),
    ),
    "Morton & Polyn (2016)": (
        Citation(
            "Morton, N. W., & Polyn, S. M. (2016). A predictive framework for evaluating models of semantic organization in"
            " free recall. Journal of Memory and Language, 86, 119–140.",
            "10.1016/j.jml.2015.10.002",
        ),
    ),
    "Howard & Kahana (2002)": (
        Citation(
            "Howard, M. W., & Kahana, M. J. (2002). A distributed representation of temporal context. Journal of"
            " Mathematical Psychology, 46, 269–299.",
            "10.1006/jmps.2001.1388",
        ),
    ),
    "Murdock (1962) for the curve": (
        Citation(
            "Murdock, B. B. (1962). The serial position effect of free recall. Journal of Experimental Psychology, 64,"
            " 482–488.",
            "10.1037/h0045106",
        ),
    ),
    "Green & Swets (1966)": (
        Citation("Green, D. M., & Swets, J. A. (1966). Signal detection theory and psychophysics. Wiley."),
    ),
    "Macmillan & Creelman (2005)": (
        Citation("Macmillan, N. A., & Creelman, C. D. (2005). Detection theory: A user's guide (2nd ed.). Erlbaum."),
    ),
    "Wixted (2007)": (
        Citation(
            "Wixted, J. T. (2007). Dual-process theory and signal-detection theory of recognition memory. Psychological"
            " Review, 114, 152–176.",
            "10.1037/0033-295X.114.1.152",
        ),
    ),
    "Yonelinas (1994)": (
        Citation(
            "Yonelinas, A. P. (1994). Receiver-operating characteristics in recognition memory: Evidence for a dual-process"
            " model. Journal of Experimental Psychology: Learning, Memory, and Cognition, 20, 1341–1354.",
            "10.1037/0278-7393.20.6.1341",
        ),
    ),
    "Rotello, Macmillan & Van Tassel (2000)": (
        Citation(
            "Rotello, C. M., Macmillan, N. A., & Van Tassel, G. (2000). Recall-to-reject in recognition: Evidence from ROC"
            " curves. Journal of Memory and Language, 43, 67–88."
        ),
    ),
    "DeCarlo (2002)": (
        Citation(
            "DeCarlo, L. T. (2002). Signal detection theory with finite mixture distributions: Theoretical developments with"
            " applications to recognition memory. Psychological Review, 109, 710–721.",
            "10.1037/0033-295X.109.4.710",
        ),
    ),
    "Pratte & Rouder (2011)": (
        Citation(
            "Pratte, M. S., & Rouder, J. N. (2011). Hierarchical single- and dual-process models of recognition memory."
            " Journal of Mathematical Psychology, 55, 36–46.",
            "10.1016/j.jmp.2010.08.007",
        ),
    ),
    "Snodgrass & Corwin (1988)": (
        Citation(
            "Snodgrass, J. G., & Corwin, J. (1988). Pragmatics of measuring recognition memory: Applications to dementia and"
            " amnesia. Journal of Experimental Psychology: General, 117, 34–50.",
            "10.1037/0096-3445.117.1.34",
        ),
    ),
    "Bröder, Kellen, Schütz & Rohrmeier (2013)": (
        Citation(
            "Bröder, A., Kellen, D., Schütz, J., & Rohrmeier, C. (2013). Validating a two-high-threshold measurement model"
            " for confidence rating data in recognition. Memory, 21, 916–944.",
            "10.1080/09658211.2013.767348",
        ),
    ),
    "Hintzman (1984, 1988)": (
        Citation(
            "Hintzman, D. L. (1984). MINERVA 2: A simulation model of human memory. Behavior Research Methods, Instruments,"
            " & Computers, 16, 96–101.",
            "10.3758/BF03202365",
        ),
        Citation(
            "Hintzman, D. L. (1988). Judgments of frequency and recognition memory in a multiple-trace memory model."
            " Psychological Review, 95, 528–551.",
            "10.1037/0033-295X.95.4.528",
        ),
    ),
    "Shiffrin & Steyvers (1997)": (
        Citation(
            "Shiffrin, R. M., & Steyvers, M. (1997). A model for recognition memory: REM—retrieving effectively from memory."
            " Psychonomic Bulletin & Review, 4, 145–166.",
            "10.3758/BF03209391",
        ),
    ),
    "Murdock (1982, 1993)": (
        Citation(
            "Murdock, B. B. (1982). A theory for the storage and retrieval of item and associative information."
            " Psychological Review, 89, 609–626.",
            "10.1037/0033-295X.89.6.609",
        ),
        Citation(
            "Murdock, B. B. (1993). TODAM2: A model for the storage and retrieval of item, associative, and serial-order"
            " information. Psychological Review, 100, 183–203.",
            "10.1037/0033-295X.100.2.183",
        ),
    ),
    "Pike (1984)": (
        Citation(
            "Pike, R. (1984). Comparison of convolution and matrix distributed memory systems for associative recall and"
            " recognition. Psychological Review, 91, 281–294.",
            "10.1037/0033-295X.91.3.281",
        ),
    ),
    "Humphreys, Bain & Pike (1989)": (
        Citation(
            "Humphreys, M. S., Bain, J. D., & Pike, R. (1989). Different ways to cue a coherent memory system: A theory for"
            " episodic, semantic, and procedural tasks. Psychological Review, 96, 208–233.",
            "10.1037/0033-295X.96.2.208",
        ),
    ),
    "Nosofsky (1988, 1991)": (
        Citation(
            "Nosofsky, R. M. (1988). Exemplar-based accounts of relations between classification, recognition, and"
            " typicality. Journal of Experimental Psychology: Learning, Memory, and Cognition, 14, 700–708.",
            "10.1037/0278-7393.14.4.700",
        ),
        Citation(
            "Nosofsky, R. M. (1991). Tests of an exemplar model for relating perceptual classification and recognition"
            " memory. Journal of Experimental Psychology: Human Perception and Performance, 17, 3–27.",
            "10.1037/0096-1523.17.1.3",
        ),
    ),
}

#: Cited by the pictures and the methods of a report on recognition.
RECOGNITION_REFERENCES = (
    Citation(
        "Hautus, M. J. (1995). Corrections for extreme proportions and their biasing effects on estimated values of d′."
        " Behavior Research Methods, Instruments, & Computers, 27, 46–51.",
        "10.3758/BF03203619",
    ),
    Citation(
        "Pratte, M. S., Rouder, J. N., & Morey, R. D. (2010). Separating mnemonic process from participant and item effects"
        " in the assessment of ROC asymmetries. Journal of Experimental Psychology: Learning, Memory, and Cognition, 36,"
        " 224–232.",
        "10.1037/a0017682",
    ),
)

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
        "Hoffman, M. D., & Gelman, A. (2014). The No-U-Turn Sampler: Adaptively setting path lengths in Hamiltonian Monte"
        " Carlo. Journal of Machine Learning Research, 15, 1593–1623."
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

#: Of comparisons by participant.
NEW_PERSON_REFERENCES: tuple[Citation, ...] = (
    Citation(
        "Merkle, E. C., Furr, D., & Rabe-Hesketh, S. (2019). Bayesian comparison of latent variable models: Conditional"
        " versus marginal likelihoods. Psychometrika, 84, 802–829.",
        "10.1007/s11336-019-09679-0",
    ),
    Citation(
        "Vehtari, A., Simpson, D., Gelman, A., Yao, Y., & Gabry, J. (2024). Pareto smoothed importance sampling. Journal"
        " of Machine Learning Research, 25(72), 1–58."
    ),
)

#: Of comparisons with log evidence.
EVIDENCE_REFERENCES: tuple[Citation, ...] = (
    Citation(
        "Meng, X.-L., & Wong, W. H. (1996). Simulating ratios of normalizing constants via a simple identity: A theoretical"
        " exploration. Statistica Sinica, 6, 831–860."
    ),
    Citation(
        "Gronau, Q. F., Sarafoglou, A., Matzke, D., Ly, A., Boehm, U., Marsman, M., Leslie, D. S., Forster, J. J.,"
        " Wagenmakers, E.-J., & Steingroever, H. (2017). A tutorial on bridge sampling. Journal of Mathematical Psychology,"
        " 81, 80–97.",
        "10.1016/j.jmp.2017.09.005",
    ),
)


def model_references(reference: str) -> tuple[Citation, ...]:
    """References of a model's short form ``"A (2009); B (2016)"``; unknown ones are quoted as they are."""
    parts = [part.strip() for part in reference.split(";")]
    known = (MODEL_REFERENCES.get(part, (Citation(part),)) for part in parts if part != "baseline")
    return tuple(citation for citations in known for citation in citations)
