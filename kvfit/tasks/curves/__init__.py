"""Summary curves: `curve` computes any of them from data of free recall or recognition, `known_curves` names them.

`average` averages over participants. Below that labelled layer every curve of free recall is a function
`(responses, list_length, group, n_groups)` of arrays with leading draws; those of recognition, functions of counts, are in
`kvfit.tasks.curves.recognition`.
"""

from kvfit.tasks.curves.dispatch import curve, known_curves
from kvfit.tasks.curves.errors import intrusions, repeats
from kvfit.tasks.curves.first_recall import first_recall, nth_recall
from kvfit.tasks.curves.lag_crp import lag_crp, lag_crp_by_output, lag_crp_tally
from kvfit.tasks.curves.recall_length import recall_length
from kvfit.tasks.curves.recalls import Tally
from kvfit.tasks.curves.serial_position import serial_position
from kvfit.tasks.curves.table import KINDS, average
from kvfit.tasks.curves.temporal_clustering import lag_rank

__all__ = [
    "KINDS",
    "Tally",
    "average",
    "curve",
    "first_recall",
    "intrusions",
    "known_curves",
    "lag_crp",
    "lag_crp_by_output",
    "lag_crp_tally",
    "lag_rank",
    "nth_recall",
    "recall_length",
    "repeats",
    "serial_position",
]
