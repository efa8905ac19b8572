"""A realistic report of invented numbers, for tests and screenshots: three models of free recall."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kvfit.reports.content import (
    Citation,
    Curve,
    CurvePanel,
    DataSummary,
    ModelCard,
    ParameterCard,
    Provenance,
    ReportContent,
)

N_POSITIONS = 16
CMR_2009 = Citation(
    "Polyn, S. M., Norman, K. A., & Kahana, M. J. (2009). A context maintenance and retrieval model of"
    " organizational processes in free recall. Psychological Review, 116, 129–156.",
    "10.1037/a0014420",
)
SEED = Citation(
    "Gershman, S. J., Fiete, I., & Irie, K. (2025). Key-value memory in the brain. Neuron.",
    "10.1016/j.neuron.2025.02.029",
)
PEERS = Citation(
    "Healey, M. K., & Kahana, M. J. (2014). Is memory search governed by universal principles or"
    " idiosyncratic strategies? Journal of Experimental Psychology: General, 143, 575–596.",
    "10.1037/a0033715",
)
LOO = Citation(
    "Vehtari, A., Gelman, A., & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out"
    " cross-validation and WAIC. Statistics and Computing, 27, 1413–1432.",
    "10.1007/s11222-016-9696-4",
)


KV_PARAMETERS = (
    ParameterCard(
        "rho",
        "ρ",
        "unit",
        0.5,
        0.97,
        "Drift in published context models is 0.6 to 0.95.",
        "Similarity of neighbouring addresses: how slowly the scaffold drifts at study.",
    ),
    ParameterCard(
        "phi",
        "φ",
        "unit",
        0.05,
        0.95,
        "Nearly flat: the question that the model asks.",
        "Share of the value route: 1 re-queries memory by the recalled value alone, 0 reinstates the key.",
    ),
    ParameterCard(
        "kappa",
        "κ",
        "unit",
        0.1,
        0.95,
        "From slow to complete change of the cue at every recall.",
        "How much of the old query each recall replaces.",
    ),
    ParameterCard(
        "w_end",
        "w_end",
        "positive",
        0.5,
        12,
        "Covers recency from absent to certain.",
        "Strength of the end-of-list query.",
    ),
    ParameterCard(
        "w_start",
        "w_start",
        "positive",
        0.2,
        8,
        "Primacy is weaker than recency in immediate recall.",
        "Strength of the start-of-list query.",
    ),
    ParameterCard(
        "w_cue",
        "w_cue",
        "positive",
        0.5,
        15,
        "Lag-CRP peaks between .1 and .6.",
        "Strength with which a recalled item cues its neighbours.",
    ),
    ParameterCard(
        "x_0",
        "x_0",
        "real",
        -7,
        -1,
        "Stopping after the first recall is rare.",
        "Log odds of stopping at mid-list.",
    ),
    ParameterCard(
        "x_pos",
        "x_pos",
        "positive",
        0.05,
        1.2,
        "Recall ends within the list length.",
        "Rise of the log odds of stopping with each output.",
    ),
)
CMR_PARAMETERS = (
    ParameterCard("B_enc", "B_enc", "unit", 0.3, 0.95, "Published fits: 0.5 to 0.8.", "Context drift at study."),
    ParameterCard(
        "B_rec",
        "B_rec",
        "unit",
        0.3,
        0.98,
        "Published fits: 0.5 to 0.9.",
        "Context reinstated by a recall.",
    ),
    ParameterCard("Lfc", "L_fc", "unit", 0.05, 0.95, "Nearly flat.", "New item-to-context learning against the old."),
    ParameterCard("T", "T", "positive", 0.02, 1, "Published fits: 0.1 to 0.5.", "Noise of the choice among items."),
)
SPC_PARAMETERS = (
    ParameterCard(
        "primacy",
        "w_p",
        "positive",
        0.1,
        4,
        "Covers no primacy to certain recall.",
        "Strength of early positions.",
    ),
    ParameterCard(
        "recency",
        "w_r",
        "positive",
        0.1,
        6,
        "Covers no recency to certain recall.",
        "Strength of late positions.",
    ),
)

MODELS = (
    ModelCard(
        "kv_recall",
        "Key-value recall",
        "Recall matches a query against the keys of the studied items; what is recalled is a value, and"
        " that value becomes the next query. Keys are never recalled.",
        (SEED,),
        {"separation": "softmax", "stopping": "positional", "autoassociative": False},
        KV_PARAMETERS,
    ),
    ModelCard(
        "cmr",
        "Context maintenance and retrieval",
        "Recall follows a slowly drifting context; each recalled item puts back the context in which it was studied.",
        (CMR_2009,),
        {"form": "Morton & Polyn (2016)"},
        CMR_PARAMETERS,
    ),
    ModelCard(
        "serial_position",
        "Serial-position baseline",
        "Every study position has its own strength; what was just recalled has no influence on what comes next.",
        (),
        {},
        SPC_PARAMETERS,
    ),
)


def example_content(n_participants: int = 40) -> ReportContent:
    """Report of three models of `n_participants` invented participants."""
    rng = np.random.default_rng(20)
    labels = [f"LTP{63 + i:03d}" for i in range(n_participants)]
    cmr_difference = rng.normal(-3.1, 7, n_participants)
    flat_difference = rng.normal(-31, 14, n_participants)
    differences = {
        "kv_recall": np.zeros(n_participants),
        "cmr": cmr_difference,
        "serial_position": flat_difference,
    }
    participants = pd.DataFrame(
        [
            {
                "participant": label,
                "model": name,
                "elpd_diff": value,
                "se": 0.0 if name == "kv_recall" else 2 + abs(value) / 9,
            }
            for name, values in differences.items()
            for label, value in zip(labels, values, strict=True)
        ]
    )
    winners = np.argmax(np.column_stack(list(differences.values())), axis=1)
    comparison = pd.DataFrame(
        {
            "model": list(differences),
            "rank": [1, 2, 3],
            "elpd": [-11702.4, -11702.4 + cmr_difference.sum(), -11702.4 + flat_difference.sum()],
            "elpd_diff": [0.0, cmr_difference.sum(), flat_difference.sum()],
            "dse": [0.0, 31.8, 61.2],
            "dse_trials": [0.0, 21.4, 38.5],
            "p": [241.3, 198.7, 71.9],
            "weight": [0.81, 0.19, 0.0],
            "k_warnings": [2, 5, 0],
            "n_best": np.bincount(winners, minlength=3),
            "aic": [23310.2, 23495.7, 25960.8],
            "bic": [24801.9, 24702.3, 26204.1],
        }
    )
    parameters, estimates = _parameters(rng, labels)
    return ReportContent(
        title="Free recall of PEERS: which memory model explains these people best?",
        verdict=(
            f"Key-value recall predicts these recalls best: its elpd is {-cmr_difference.sum():.0f}"
            " (standard error 32) above that of context maintenance and retrieval, and it describes"
            f" {int((winners == 0).sum())} of {n_participants} participants best. Both are far better than"
            " the serial-position baseline."
        ),
        observation="one list: all recalls of one participant from one study list, in output order, and"
        " the end of recall.",
        data=DataSummary(
            name="peers_notask",
            source="immediate free recall without an encoding task, from the sample installed by psifr",
            subset=f"The first {n_participants} of 126 participants were used, with all their lists.",
            sentences=(
                "In 11,034 responses, 10,427 first correct recalls are scored. 214 repeats are left out"
                " because the models never recall an item twice, and 393 intrusions because they have no"
                " study position.",
            ),
            counts={
                "Participants": n_participants,
                "Lists": 28 * n_participants,
                "List length": 16,
                "Responses": 11034,
                "Scored": 10427,
                "Repeats left out": 214,
                "Intrusions left out": 393,
            },
            citation=PEERS,
        ),
        models=MODELS,
        curves=_curves(rng),
        parameters=parameters,
        diagnostics=pd.DataFrame(
            {
                "model": list(differences),
                "sampler": ["PyMC NUTS, 4 × 600"] * 3,
                "divergences": [0, 3, 0],
                "rhat_max": [1.0042, 1.0131, 1.0017],
                "ess_bulk_min": [612.4, 218.9, 1403.0],
                "ess_tail_min": [845.0, 341.2, 1612.7],
                "seconds": [41.3, 33.9, 8.8],
                "failed_starts": [0, 4, 0],
                "passed": [True, False, True],
                "verdict": [
                    "No divergences, r-hat below 1.01 and at least 612 independent draws for every parameter.",
                    "3 divergences and r-hat up to 1.013 (Lfc): draw longer (draws=2000) or raise"
                    " target_accept to 0.95.",
                    "No divergences, r-hat below 1.01.",
                ],
            }
        ),
        methods=(
            "Three models of free recall were fitted hierarchically with partial pooling over"
            " participants: every participant's parameters come, on an unconstrained scale, from a normal"
            " population. Posterior draws are from the no-U-turn sampler of PyMC (Abril-Pla et al.,"
            " 2023), with a hand-written gradient.",
            "Models were compared by their expected log predictive density for single lists, estimated by"
            " Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry, 2017). Curves were summarised"
            " as means over participants, for the data and for 200 data sets simulated from each"
            " posterior.",
        ),
        provenance=Provenance(
            versions={
                "kvfit": "0.1.0",
                "Python": "3.13.1",
                "PyMC": "6.4.0",
                "ArviZ": "1.3.0",
                "NumPy": "2.4.1",
            },
            settings={
                "kv_recall": {"draws": 600, "tune": 600, "chains": 4, "seed": 1001, "target_accept": 0.9},
                "cmr": {"draws": 600, "tune": 600, "chains": 4, "seed": 1002, "target_accept": 0.9},
                "serial_position": {"draws": 600, "tune": 600, "chains": 4, "seed": 1003},
            },
            fingerprint="9f2c" * 16,
            created="12 November 2026",
            command="kvfit compare peers_notask --models kv_recall,cmr,serial_position --participants 40 --seed 1",
        ),
        comparison=comparison,
        participants=participants,
        estimates=estimates,
        references=(LOO,),
        notes=(
            "Lists of one participant are not independent of one another; the standard errors treat them"
            " as if they were.",
            "Response times were not modelled.",
        ),
    )


def _parameters(rng: np.random.Generator, labels: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, persons = [], []
    for card in MODELS:
        for parameter in card.parameters:
            low, high = parameter.prior_lower, parameter.prior_upper
            centre, spread = low + 0.55 * (high - low), 0.12 * (high - low)
            values = rng.normal(centre, spread, len(labels))
            key = {"model": card.name, "parameter": parameter.name}
            rows.append(
                key
                | {
                    "mean": centre,
                    "lower": centre - 0.4 * spread,
                    "upper": centre + 0.4 * spread,
                    "person_10": centre - 1.28 * spread,
                    "person_90": centre + 1.28 * spread,
                }
            )
            persons += [
                key | {"participant": label, "estimate": value} for label, value in zip(labels, values, strict=True)
            ]
    return pd.DataFrame(rows), pd.DataFrame(persons)


def _curves(rng: np.random.Generator) -> tuple[Curve, ...]:
    position = np.arange(1, N_POSITIONS + 1)
    spc = 0.42 + 0.28 * np.exp(-(position - 1) / 1.3) + 0.48 * np.exp(-(N_POSITIONS - position) / 2.2)
    first = 0.16 * np.exp(-(position - 1) / 0.8) + 0.3 * np.exp(-(N_POSITIONS - position) / 2) + 0.005
    lag = np.arange(-5, 6)
    crp = np.where(lag > 0, 0.33, 0.2) * np.exp(-np.abs(lag) / 1.6) + 0.03
    words = np.arange(0, N_POSITIONS + 1)
    length = np.exp(-0.5 * ((words - 9.2) / 2.1) ** 2)
    shapes = {
        "serial_position": (position, np.minimum(spc, 0.96)),
        "first_recall": (position, first / first.sum()),
        "lag_crp": (lag, np.where(lag == 0, np.nan, crp)),
        "recall_length": (words, length / length.sum()),
    }
    return tuple(Curve(kind, (_panel(rng, x, shape),)) for kind, (x, shape) in shapes.items())


def _panel(rng: np.random.Generator, x: np.ndarray, shape: np.ndarray) -> CurvePanel:
    """Participants scatter around `shape`; the second model misses a little, the third is flatter."""
    level = 0.6 * float(np.nanmean(shape))
    observed = np.clip(shape + rng.normal(0, level, (40, x.size)), 0, 1)
    draws = {}
    for name, flatness in {"kv_recall": 0.02, "cmr": 0.15, "serial_position": 0.55}.items():
        centre = (1 - flatness) * shape + flatness * np.nanmean(shape)
        draws[name] = np.clip(centre + rng.normal(0, level / 9, (200, x.size)), 0, 1)
    return CurvePanel.from_samples("", x, observed, draws)
