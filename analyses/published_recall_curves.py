"""Curves of people in a published experiment on immediate free recall, as certificates show them beside prior people.

    KVFIT_DATA=FOLDER python analyses/published_recall_curves.py     # writes kvfit/certification/published_recall.json

Quantiles over 126 people of Healey & Kahana (2014), lists without an encoding task: summary numbers, no responses.
"""

import json
import math

import numpy as np
from peers_lists import load

from kvfit.certification.behaviour import PUBLISHED
from kvfit.files import write_text
from kvfit.inference.prior_predictive import default_curves, prior_predict


def main() -> None:
    """Compute the quantiles and write them."""
    data = load()
    found = prior_predict("random_recall", data, people=1)
    curves = {}
    for name in default_curves(data):
        values = found.curves[name]["data"]
        along = values.dims[-1]
        kept = np.isfinite(values.to_numpy()).all(axis=0)
        curves[name] = {
            "at": [int(at) for at in values[along].to_numpy()[kept]],
            "values": [[round(float(v), 4) for v in row] for row in values.to_numpy()[:, kept]],
        }
        assert not any(math.isnan(v) for row in curves[name]["values"] for v in row)
    what = {
        "source": "Healey & Kahana 2014", "people": data.n_participants, "lists": 28,
        "list_length": int(data.list_length.max()), "quantiles": [0.05, 0.5, 0.95], "curves": curves,
    }  # fmt: skip
    print(write_text(PUBLISHED, json.dumps(what) + "\n").resolve())


if __name__ == "__main__":
    main()
