"""Features of free recall that say where primacy comes from: values by person, for predictive checks.

Not a script of its own; see ``key_value_or_context.py``. A query for the start of the list favours its items when recall
starts and less with every recall; items that were written more strongly are favoured at every output.
"""

import numpy as np
import numpy.typing as npt
from person_shares import share_by_person

import kvfit as kv
from kvfit.reports.statistics import Statistic
from kvfit.tasks.curves import first_recall, lag_crp

#: The first so many items of a list are its start; from this output on recall is late.
START, LATE = 3, 5


def features(data: kv.FreeRecallData) -> dict[str, Statistic]:
    """Each feature as a function from responses ``(..., list, output)`` to ``(..., participant)``."""
    who = data.participant
    of_people = (data.list_length, who, data.n_participants)
    longest = int(data.list_length.max())

    def start_first(responses: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        share: npt.NDArray[np.float64] = np.nansum(first_recall(responses, *of_people)[..., :START], axis=-1)
        return share

    def end_first(responses: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        last = responses[..., 0] == data.list_length
        return share_by_person(last, responses[..., 0] > 0, who)

    def start_recalled(responses: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        early = ((responses > 0) & (responses <= START)).sum(axis=-1)
        return share_by_person(early, np.full_like(early, START), who)

    def start_late(responses: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        late = responses[..., LATE - 1 :]
        return share_by_person(((late > 0) & (late <= START)).sum(axis=-1), (late > 0).sum(axis=-1), who)

    def at_lag(lag: int) -> Statistic:
        def value(responses: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
            found: npt.NDArray[np.float64] = lag_crp(responses, *of_people)[..., longest - 1 + lag]
            return found

        return value

    return {
        f"recall starts with one of the first {START} items": start_first,
        "recall starts with the last item": end_first,
        f"the first {START} items are recalled": start_recalled,
        f"recalls from output {LATE} on are of the first {START} items": start_late,
        "lag-CRP at +1": at_lag(1),
        "lag-CRP at -1": at_lag(-1),
    }
