"""Context maintenance and retrieval (CMR): recall as the reinstatement of a drifting context.

What it claims about memory: items are bound to the context in which they were studied; recalling an item brings back
both its pre-experimental context and the context of its study, which cues its neighbours forward and backward.

Reference: Polyn, Norman & Kahana (2009), Psychological Review 116, 129-156, in the likelihood form of Morton & Polyn
(2016), Journal of Memory and Language 86, 119-140.

By default items are chosen by supports to a power (Kragel, Morton & Polyn 2015, Journal of Neuroscience 35, 2914-2926), the
learning rate of late positions fixed at 1 because only ratios of alpha_cf, delta and the learning rates matter. Of the published
forms it describes people best (docs/decisions.md).

With ``separation="softmax"``, ``stopping="exponential"`` and ``floors="cymr"`` it equals the package cymr per list. Names there:
B_enc, B_start, B_rec (beta_*), Lfc, Lcf (gamma_*, with Dfc = 1 - Lfc and Dcf = 1 - Lcf), P1, P2 (phi_*), T (temperature), Afc, Acf (alpha_*).

Fits to PEERS that the priors' reasons quote: Gunn & Polyn (2025), American Journal of Psychology 138, 203-230. They were made with code
that multiplies context and input unit by unit where the norm-preserving rule asks for their scalar product. At study, where
inputs are orthogonal, the two agree, so that beta_enc and phi are comparable; once context meets inputs that it
contains (start of recall, recalled items) they differ, so that beta_start, beta_rec, gamma_fc, alpha_cf and delta are on another scale.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.recall.context import ContextModel, context_tables
from kvfit.recall.model import MemoryFunction, RecallModel
from kvfit.recall.separation import SEPARATIONS
from kvfit.recall.stopping import STOPPING_RULES
from kvfit.recall.tables import MemoryTables
from kvfit.registry import Form, ModelFamily, NoEffect, Option

_PEERS = "over 126 PEERS participants (Gunn & Polyn 2025)"
#: of parameters of recall; parameters of study are on one scale, because new items are orthogonal to what came before
_OTHER_SCALE = "on the scale of the code named above"
_CURVES = "together with the others it covers published curves (certificate)"

BETA_ENC = Parameter(
    "beta_enc", "β_enc", "unit", (0.3, 0.95), "how much each studied item changes context",
    f"median .82 [.45, .95] {_PEERS}; .5 to .8 in Polyn et al. (2009)",
)  # fmt: skip
BETA_START = Parameter(
    "beta_start", "β_start", "unit", (0.01, 0.7), "how much of the start-of-list context is reinstated before recall",
    f"median .18 [.00, .74] {_PEERS}, {_OTHER_SCALE}",
)  # fmt: skip
BETA_REC = Parameter(
    "beta_rec", "β_rec", "unit", (0.5, 0.98), "how much each recalled item changes context",
    f"median .89 [.66, .99] {_PEERS}, {_OTHER_SCALE}; .5 to .9 in fits with the rule of Howard & Kahana (2002); {_CURVES}",
)  # fmt: skip
GAMMA_FC = Parameter(
    "gamma_fc", "γ_fc", "unit", (0.05, 0.9), "weight of study context, against pre-experimental context, in what an item brings back",
    f"median .38 [.03, .99] {_PEERS}, {_OTHER_SCALE}; {_CURVES}",
)  # fmt: skip
GAMMA_CF = Parameter(
    "gamma_cf", "γ_cf", "unit", (0.1, 0.95), "weight of study context, against pre-experimental context, in what cues an item",
    f".15 in cymr's guide and .7 in its examples, with T = .1; no published individual fits on this scale; {_CURVES}",
)  # fmt: skip
PHI_S = Parameter(
    "phi_s", "φ_s", "positive", (0.2, 15.0), "extra learning at the first position (primacy), relative to late learning",
    f"median 4.2 [.6, 96] {_PEERS}, where large values mimic one another; {_CURVES}",
)  # fmt: skip
PHI_S_ADDED = Parameter(
    "phi_s", "φ_s", "positive", (0.05, 3.0), "extra learning at the first position (primacy), added to gamma_cf",
    f".2 in cymr's guide, where gamma_cf is .15; late learning is at most 1; {_CURVES}",
)  # fmt: skip
PHI_D = Parameter(
    "phi_d", "φ_d", "positive", (0.3, 4.0), "rate at which the extra learning decays over positions",
    f"median 1.2 [.02, 78] {_PEERS}, undetermined where phi_s is small; primacy spans 1 to 4 positions (Murdock 1962)",
    varies=False,
)  # fmt: skip
TEMPERATURE = Parameter(
    "temperature", "T", "positive", (0.08, 0.6), "noise of the choice: weights are exp(2 support / T)",
    "supports are at most about 1; .1 in the cymr guide, .35 in Howard & Kahana (2002)",
    ends="open",
)  # fmt: skip
DELTA = Parameter(
    "delta", "δ", "positive", (0.05, 5.0), "pre-experimental support of an item by its own context unit",
    f"median 7.1 [.08, 79] {_PEERS}, {_OTHER_SCALE}, where large values mimic one another; {_CURVES}",
)  # fmt: skip
ALPHA_CF = Parameter(
    "alpha_cf", "α", "positive", (0.01, 0.7), "support that every context unit gives to every item",
    f"median 4.0 [.05, 69] {_PEERS}, {_OTHER_SCALE}; a large value with a large exponent mimics small ones, and where they are"
    f" independent recall would be nearly random or nearly certain; {_CURVES}",
)  # fmt: skip
ALPHA_FC = Parameter(
    "alpha_fc", "α_fc", "positive", (0.001, 0.2), "uniform pre-experimental item-to-context association",
    "0 in published fits; offered for agreement with cymr",
)  # fmt: skip


def _memory(separation: str, uniform: bool) -> MemoryFunction:
    def memory(p: Mapping[str, Any], list_length: np.ndarray, n_positions: int, xp: Any) -> MemoryTables:
        primacy = p["phi_s"][:, None] * xp.exp(-p["phi_d"][:, None] * np.arange(n_positions))
        power = separation == "power"
        # supports are linear in what follows, so that sensitivity to them can enter here
        sensitivity = xp.ones_like(p["gamma_fc"]) if power else 2.0 / p["temperature"]
        model = ContextModel(
            beta_enc=p["beta_enc"],
            beta_start=p["beta_start"],
            beta_rec=p["beta_rec"],
            d_fc=1.0 - p["gamma_fc"],
            l_fc=p["gamma_fc"],
            # compmemlearn's delta is the whole diagonal of the pre-experimental matrix, cymr's Dcf is added to Acf there
            d_cf=sensitivity * (p["delta"] - p["alpha_cf"] if power else 1.0 - p["gamma_cf"]),
            learning=sensitivity[:, None] * (primacy + (1.0 if power else p["gamma_cf"][:, None])),
            a_fc=p["alpha_fc"] if uniform else None,
            a_cf=sensitivity * p["alpha_cf"] if uniform or power else None,
        )
        return MemoryTables(*context_tables(model, list_length, n_positions, xp), carry=p["beta_rec"])

    return memory


def build(separation: str, stopping: str, uniform: bool, floors: str) -> RecallModel:
    """Build CMR with the given options; see ``MODEL.options``."""
    common = (BETA_ENC, BETA_START, BETA_REC, GAMMA_FC)
    if separation == "power":
        own: tuple[Parameter, ...] = (DELTA, ALPHA_CF, PHI_S, PHI_D)
    else:
        own = (GAMMA_CF, PHI_S_ADDED, PHI_D, TEMPERATURE)
    if uniform:
        own += (ALPHA_FC,) if separation == "power" else (ALPHA_FC, ALPHA_CF)
    floored = floors in ("support", "cymr")
    return RecallModel(
        name="cmr",
        options={},
        title="Context maintenance and retrieval",
        claim="Recalling an item reinstates its own context and the context of its study; both cue the next recall.",
        reference="Polyn, Norman & Kahana (2009); Morton & Polyn (2016)",
        memory_parameters=common + own,
        memory=_memory(separation, uniform),
        separation=SEPARATIONS[separation],
        stopping=STOPPING_RULES[stopping],
        channels=2,
        support_floor=(lambda p: 2e-6 / p["temperature"]) if floored and separation == "softmax" else None,
        event_floor=1e-5 if floors == "cymr" else 0.0,
    )


MODEL = ModelFamily(
    name="cmr",
    # On real lists T runs off to 0 together with gamma_fc, gamma_cf and phi_s, and beta_start to 1: only their ratios matter,
    # because most of context lies in units of items already recalled. cymr's guide holds T at .1 as well.
    default_fixed={"temperature": 0.1},
    summary="retrieved context with pre-experimental and study associations (Polyn, Norman & Kahana 2009)",
    build=build,
    options={
        "separation": Option(("power", "softmax"), "choice rule: support to a power, or exp(2 support / T)"),
        "stopping": Option(tuple(STOPPING_RULES), "rule by which recall ends"),
        "uniform": Option((False, True), "uniform pre-experimental associations alpha_fc and alpha_cf"),
        "floors": Option(
            ("none", "support", "cymr"),
            "none: smooth, for sampling; support: supports floored at 1e-6; cymr: event probabilities at 1e-5 too",
        ),
    },
    forms={
        "kragel_2015": Form(
            {"separation": "power", "stopping": "exponential"},
            "Kragel, Morton & Polyn (2015), Journal of Neuroscience 35, 2914-2926; Gunn & Polyn (2025)",
        ),
        "kragel_2015_low_uniform": Form(
            {"separation": "power", "alpha_cf": 0.05, "stopping": "exponential"},
            "the same with uniform support held where it hardly matters",
        ),
        "morton_polyn_2016": Form(
            {"separation": "softmax", "temperature": "free", "stopping": "exponential"},
            "Morton & Polyn (2016), Journal of Memory and Language 86, 119-140",
        ),
        "cymr": Form(
            {"separation": "softmax", "stopping": "exponential"}, "guide of the package cymr: temperature held at .1"
        ),
    },
    no_effect=(
        NoEffect("floors", "separation", "power", "supports to a power have a floor of their own", values=("support",)),
    ),
)
