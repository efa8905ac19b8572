"""How large a certification is: its two designs, and how many data sets are simulated."""

from dataclasses import asdict, dataclass, field
from typing import Any

#: Sampler of the calibration's fits: as short as can pass the sampler's checks.
SAMPLING = {"chains": 2, "cores": 1, "tune": 500, "draws": 1000}


@dataclass(frozen=True)
class Plan:
    """Sizes of a certification, the same for all models of a task.

    Parameters
    ----------
    participants : int
    lists, list_length : int
        Free recall: lists of each participant, and their items.
    trials : int
        Recognition: test trials of each participant, half of them old items; all old items were studied in one list.
    scale : str
        Recognition: response scale.
    replicates : int
        Simulated data sets of parameter recovery.
    starts : int
        Of each maximum-likelihood search, at most.
    simulations : int
        Simulated data sets of calibration.
    sampling : mapping
        Settings of the calibration's fits, see :class:`~kvfit.inference.settings.FitSettings`.
    seed : int
    """

    participants: int = 8
    lists: int = 16
    list_length: int = 12
    trials: int = 120
    scale: str = "1-6"
    replicates: int = 12
    starts: int = 6
    simulations: int = 200
    sampling: dict[str, Any] = field(default_factory=lambda: dict(SAMPLING))
    seed: int = 0

    def design(self, task: str) -> Any:
        """Experiment of a task, without responses."""
        from kvfit.recovery.designs import free_recall_design, recognition_design

        if task == "free_recall":
            return free_recall_design(self.participants, self.lists, self.list_length)
        return recognition_design(self.participants, self.trials, self.scale)

    def plain(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)
