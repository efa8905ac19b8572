"""Key-value recognition: familiarity is the raw match of keys, recollection reads the value that attention retrieves.

What it claims about memory: a probe's query meets the keys of all items of the list. Feeling that an item is old reads the
match before separation; recalling what was studied with it reads the value, and succeeds as far as attention falls on the
item's own key. So list length, strength and lag predict sensitivity, the slope of the zROC and recollection together, which
signal detection describes one by one.

    F = log sum_j exp(gain m_j),  m_own ~ N(match, match_sd^2), others N(0, 1)
    P(recollect) = logistic((logit alpha_own - threshold) / noise),  then the highest category, else F against criteria

A high ``threshold`` leaves keys alone, a low one with no match values alone, so that the default holds both. What one list
length cannot tell is held unless it is freed: ``gain`` at 1, where attention compares scaled dot products, ``match_sd`` and
``noise`` at 1. The gain decides how much of an asymmetric ROC is familiarity's: with lists of several lengths free it,
else vary it (``gain=0.5``) before believing in an amount of recollection. Gains beyond 0.1 and 8 count as these.
Options ``read=key`` (familiarity only) and ``read=value`` (recollection at a threshold of 0, else a guess) are the contrasts.
Distributions are computed, not matched by moments, which is wrong by up to 20 points at a gain of 2 (see
``kvfit.recognition.evidence.key_match``).

With ``lag=power`` the own match is match (lag / 30)^-forgetting.

With ``semantic=True`` keys carry meaning: the probe's match with the key of another item is N(w_sem cos, 1), so that new
items feel old, and old ones are harder to retrieve, the more the list resembles them. At ``w_sem=0`` it is the plain model.
The own match is that of ``match``, whatever the item means. It needs one held gain (1 unless set), because every probe has
tables of its own.

Reference: Gershman, Fiete & Irie (2025), Neuron 113, 1694-1707; the recognition model is kvfit's own.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from kvfit.parameters import Parameter
from kvfit.recognition.evidence.key_match import GAIN_LIMITS
from kvfit.recognition.evidence.key_similarity import SimilarKeys, place
from kvfit.recognition.evidence.key_value import KeyLists, Keys, KeyValue, Match, Recollection
from kvfit.recognition.evidence.kinds import LAG, LIST_LENGTH, PRESENTATIONS
from kvfit.recognition.memory import Cells, Memory
from kvfit.recognition.model import RecognitionModel
from kvfit.recognition.options import BY, CRITERIA_BY, column
from kvfit.recognition.ratings import Ratings
from kvfit.registry import ModelFamily, Option

#: Lag, in events, at which the own match is `match` where it falls with lag: in the middle of the lags that experiments have,
#: because at an end of them match and forgetting would run along a ridge (their effective draws were 75 and 90 of 600 at 1).
REFERENCE_LAG = 30.0

GAIN = Parameter(
    "gain", "β", "positive", (0.5, 4.0), "separation: inverse temperature of the match, per standard deviation of lures'",
    "below .5 all keys count alike and the match of hundreds is lost; above 4 the best key alone decides; shared, because one"
    " person's ROC fits as well at two gains (r-hat 1.5); 1 is the scaled dot product of attention (Vaswani et al. 2017)",
    varies=False,
)  # fmt: skip
MATCH = Parameter(
    "match", "μ", "positive", (1.0, 7.0), "match of an old item with its own key, in standard deviations of other matches",
    "d' of .5 to 3 in lists of 12 to 240 at gains of .5 to 4",
)  # fmt: skip
MATCH_SD = Parameter(
    "match_sd", "σ", "positive", (0.5, 2.5), "standard deviation of the own match, relative to other matches",
    "below 1 study makes matches alike, above it some items are encoded better; at a gain of 1, hit rates of .7 to .85 and"
    " lists of 16 to 240, keys alone have zROC slopes of .9 to 1.2 at .5, .65 to .85 at 1 and .45 to .52 at 2.5; published"
    " slopes are .7 to .9 for groups, and .45 to 1.1 for persons (see sigma in uvsd)",
    ends="open",
)  # fmt: skip
THRESHOLD = Parameter(
    "threshold", "θ", "real", (-3.0, 2.0), "log odds of attention on the own key at which half of the items are recollected",
    "at a match of 3, recollection of 51 to 1 % in lists of 240 and of 94 to 18 % in lists of 12; above, keys alone remain",
)  # fmt: skip
NOISE = Parameter(
    "noise", "τ", "positive", (0.4, 3.0), "noise of recollection, in log odds of attention",
    "from nearly a step to shallower than the spread of attention over items",
)  # fmt: skip
FORGETTING = Parameter(
    "forgetting", "ψ", "positive", (0.02, 0.4), "exponent by which the own match falls with lag",
    "a match that is halved from lag 1 to 100 has .15",
)  # fmt: skip
REPETITION = Parameter(
    "repetition", "ρ", "positive", (0.1, 0.8), "exponent by which the own match grows with presentations",
    "twice the study multiplies the match by 1.1 to 1.7",
)  # fmt: skip
W_SEM = Parameter(
    "w_sem", "w_sem", "positive", (0.2, 4.0), "match of another item's key at a similarity of 1, in standard deviations",
    "an item of the same meaning matches less than the item itself (1 to 7); cosines of words are .1 to .6, which must move"
    " false alarms by several points to be seen",
)  # fmt: skip

_TITLES = {
    "both": "Key-value recognition",
    "key": "Key-value recognition, keys only",
    "value": "Key-value recognition, values only",
}
_CLAIMS = {
    "both": "Familiarity reads the raw match of keys, recollection the value that attention retrieves.",
    "key": "Recognition reads the raw match of keys; values are not consulted.",
    "value": "Recognition reads the retrieved value, and guesses where that fails.",
}


def _evidence(
    read: str, lag: bool, presentations: bool, semantic: bool, p: Mapping[str, Any], cells: Cells, xp: Any
) -> Any:
    mean = p["match"]
    if lag:
        events = np.where(cells.old, np.maximum(cells.covariates["lag"], 1.0), 1.0)
        mean = mean * xp.exp(-p["forgetting"] * (np.log(events) - np.log(REFERENCE_LAG)))
    if presentations:
        times = np.where(cells.old, np.maximum(cells.covariates["n_presentations"], 1.0), 1.0)
        mean = mean * xp.exp(p["repetition"] * np.log(times))
    # one rate of recollection tells nothing of gain and threshold beside the match
    gain = xp.ones_like(mean) if read == "value" else xp.clip(p["gain"], *GAIN_LIMITS)
    threshold = xp.zeros_like(mean) if read == "value" else p.get("threshold")
    keys: Keys
    if semantic:
        held = 1.0 if read == "value" else _held(p["gain"])
        keys, row = SimilarKeys.of(cells, held), place(held * p["w_sem"], xp)
    else:
        keys, row = KeyLists.of(cells.old, cells.covariates["list_length"]), KeyLists.place(gain, xp)
    match = Match(row, gain * mean, gain * p["match_sd"])
    recollection = None if read == "key" else Recollection(threshold, p["noise"])
    return KeyValue(keys, match, recollection, familiarity=read != "value")


def _held(gain: Any) -> float:
    """The one value of a gain that is held."""
    values = np.unique(gain) if isinstance(gain, np.ndarray) else np.empty(0)
    if len(values) != 1:
        raise ValueError(
            "kv_recognition(semantic=True): gain must be held at one value for all participants, because every probe has"
            " tables of its own; leave gain out (it is 1 then), or set it: kv_recognition(semantic=True, gain=0.5)"
        )
    return float(np.clip(values[0], *GAIN_LIMITS))


def build(read: str, lag: str, presentations: str, semantic: bool, by: str, criteria_by: str) -> RecognitionModel:
    """Build the model with the given options; see ``MODEL.options``."""
    with_lag, with_times = lag == "power", presentations == "power"
    parameters = [MATCH, MATCH_SD] if read == "value" else [GAIN, MATCH, MATCH_SD]
    if read == "both":
        parameters.append(THRESHOLD)
    if read != "key":
        parameters.append(NOISE)
    parameters += [FORGETTING] * with_lag + [REPETITION] * with_times + [W_SEM] * semantic
    return RecognitionModel(
        name="kv_recognition",
        options={},
        title=_TITLES[read],
        claim=_CLAIMS[read],
        reference="Gershman, Fiete & Irie (2025)",
        memory=Memory(
            tuple(parameters),
            partial(_evidence, read, with_lag, with_times, semantic),
            covariates=(LIST_LENGTH, *(LAG,) * with_lag, *(PRESENTATIONS,) * with_times),
            by_condition=("match",),
            semantic=semantic,
        ),
        decision=Ratings(),
        by=column(by),
        criteria_by=column(criteria_by),
    )


MODEL = ModelFamily(
    name="kv_recognition",
    summary="key match as familiarity, value retrieval as recollection (after Gershman, Fiete & Irie 2025)",
    build=build,
    options={
        "read": Option(("both", "key", "value"), "what recognition reads: key match and value, or one of them"),
        "lag": Option(("ignored", "power"), "whether the own match falls with the column lag (many cells)"),
        "presentations": Option(("ignored", "power"), "whether it grows with the column n_presentations"),
        "semantic": Option((False, True), "let keys of similar items match the probe: similarities of meaning count"),
        "by": BY,
        "criteria_by": CRITERIA_BY,
    },
    default_fixed={"gain": 1.0, "match_sd": 1.0, "noise": 1.0},
)
