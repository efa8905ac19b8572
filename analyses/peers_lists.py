"""The lists that analyses of free recall share: PEERS without an encoding task, and what their words mean.

Not a script of its own.
"""

import argparse
import os
import warnings
from pathlib import Path

import numpy as np
from claim_studies import introduce, parser

import kvfit as kv
from kvfit.tasks.problems import DataWarning


def load(participants: int | None = None) -> kv.FreeRecallData:
    """Lists without an encoding task: of Healey & Kahana (2014), or the same lists as psifr has them."""
    if os.environ.get("KVFIT_DATA"):
        return kv.load("healey_kahana2014", participants=participants).select(query="task == 'none'")
    return kv.load("peers_notask", participants=participants)


def begin(description: str | None) -> tuple[argparse.Namespace, kv.FreeRecallData]:
    """Read the options, load the lists, and say what they are."""
    arguments = parser(description).parse_args()
    data = load(arguments.participants)
    introduce(data)
    return arguments, data


def meanings(data: kv.FreeRecallData) -> np.ndarray | None:
    """GloVe similarities of the items of each list ``(list, position, position)``; None without the data files."""
    folder = os.environ.get("KVFIT_DATA")
    if not folder:
        return None
    with warnings.catch_warnings():
        # four words have no vector; pairs with them get the mean, and README of the vectors says so
        warnings.simplefilter("ignore", DataWarning)
        return kv.read_similarity(Path(folder) / "item_features" / "peers_glove300.npz", data, missing="mean")
