"""Summary curves of free recall: arrays with a leading draws dimension, and a labelled layer above them.

Every curve is a function `(responses, list_length, group, n_groups)` of arrays; `curve` computes the same
from `FreeRecallData` by any columns of its lists, and `average` averages over participants.
"""

from kvfit.tasks.curves.errors import intrusions, repeats
from kvfit.tasks.curves.first_recall import first_recall, nth_recall
from kvfit.tasks.curves.lag_crp import lag_crp, lag_crp_by_output, lag_crp_tally
from kvfit.tasks.curves.recall_length import recall_length
from kvfit.tasks.curves.recalls import Tally
from kvfit.tasks.curves.serial_position import serial_position
from kvfit.tasks.curves.table import KINDS, average, curve
from kvfit.tasks.curves.temporal_clustering import lag_rank

__all__ = [
    "KINDS",
    "Tally",
    "average",
    "curve",
    "first_recall",
    "intrusions",
    "lag_crp",
    "lag_crp_by_output",
    "lag_crp_tally",
    "lag_rank",
    "nth_recall",
    "recall_length",
    "repeats",
    "serial_position",
]
