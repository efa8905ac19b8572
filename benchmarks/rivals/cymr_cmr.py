"""CMR as cymr computes it (Morton & Polyn 2016; cymr 0.14.3), set up as in its guide.

`python -m benchmarks.rivals.cymr_cmr` fits all participants with `fit_indiv` (about 12 minutes on one
quiet core) and writes `cymr_fits.json`, whose log-likelihoods the benchmark compares with; it times two
participants itself.
"""

import json
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cymr import cmr

from benchmarks.sample import FREE, Sample, morton2013

FITS = Path(__file__).with_name("cymr_fits.json")
#: size of the item pool in cymr's guide
GUIDE_POOL = 768
#: search bounds: the whole range of rates and weights, a wide one of the others
BOUNDS = dict.fromkeys(("B_enc", "B_start", "B_rec", "Lfc", "Lcf"), (0.0, 1.0))
BOUNDS |= {"P1": (0.0, 10.0), "P2": (0.0, 5.0), "T": (0.01, 1.0), "X1": (0.0, 0.2), "X2": (0.0, 1.0)}
#: as in cymr's guide
TOLERANCE = 0.1


def _definition(pool: int) -> tuple[Any, Any]:
    definition, patterns = cmr.config_loc_cmr(pool)
    definition.set_fixed(Afc=0, Acf=0)
    definition.set_dependent(Dfc="1 - Lfc", Dcf="1 - Lcf")
    definition.set_free(BOUNDS)
    return definition, patterns


def evaluation(sample: Sample, parameters: np.ndarray, *, compact: bool = False) -> Callable[[], np.ndarray]:
    """Return a function that evaluates every participant's log-likelihood (participant,) once.

    The table is split into lists beforehand, as `fit_subject` does before its search: what is left is
    what each step of a search costs. `compact` gives cymr an item pool as long as the list (positions as
    item indices) in place of its guide's 768 items: the same numbers from smaller arrays.
    """
    assert sample.events is not None
    events = sample.events
    if compact:
        events = events.assign(item_index=events["position"] - 1)
    definition, patterns = _definition(sample.list_length if compact else GUIDE_POOL)
    model = cmr.CMR()
    given = []
    for participant, values in zip(sample.participants, parameters, strict=True):
        own = events[events["subject"] == participant]
        study, recall = model.prepare_sim(own)
        given.append((study, recall, definition.fixed | dict(zip(FREE, values.tolist(), strict=True))))

    def evaluate() -> np.ndarray:
        return np.array(
            [
                model.likelihood_subject(study, recall, definition.eval_dependent(p), definition, patterns)[0]
                for study, recall, p in given
            ]
        )

    return evaluate


def fit(sample: Sample, seed: int = 0) -> pd.DataFrame:
    """Fit each participant by `fit_indiv` (differential evolution) in this process.

    Returns
    -------
    DataFrame
        One row a participant: the free parameters, `logl` (floored at 1e-5 an event), `seconds`.
    """
    assert sample.events is not None
    definition, patterns = _definition(GUIDE_POOL)
    rows = []
    for participant in sample.participants:
        own = sample.events[sample.events["subject"] == participant]
        begin = time.perf_counter()
        result = cmr.CMR().fit_indiv(own, definition, patterns=patterns, tol=TOLERANCE, n_jobs=1, seed=seed)
        seconds = time.perf_counter() - begin
        rows.append(result.iloc[0][[*FREE, "logl"]].to_dict() | {"subject": participant, "seconds": seconds})
    return pd.DataFrame(rows).set_index("subject")


def stored_fits() -> pd.DataFrame:
    """All participants' fits, made by running this module."""
    return pd.DataFrame(json.loads(FITS.read_text())["fits"]).set_index("subject")


def main() -> None:
    """Fit all participants and store the result."""
    fits = fit(morton2013()).drop(columns="seconds")
    content = {
        "made_by": "python -m benchmarks.rivals.cymr_cmr",
        "cymr": version("cymr"),
        "bounds": BOUNDS,
        "tolerance": TOLERANCE,
        "fits": json.loads(fits.reset_index().to_json(orient="records", double_precision=12)),
    }
    FITS.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
