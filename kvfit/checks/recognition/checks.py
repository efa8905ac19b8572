"""The checks of a recognition model, in order."""

from collections.abc import Callable

from kvfit.checks.edges import edges_of_recognition
from kvfit.checks.recognition.bench import RecognitionBench
from kvfit.checks.recognition.derivatives import finite_over_prior, forms_agree, gradient_is_right
from kvfit.checks.recognition.documentation import documented
from kvfit.checks.recognition.items import item_effects_agree
from kvfit.checks.recognition.probabilities import counting_agrees, simulation_agrees, sum_to_one
from kvfit.checks.recognition.recovery import recovers, recovers_persons
from kvfit.checks.result import CheckResult

#: Name and function of each check; one that breaks with an error of the model's own is for the caller to report.
RECOGNITION_CHECKS: tuple[tuple[str, Callable[[RecognitionBench], CheckResult]], ...] = (
    ("documented", lambda bench: documented(bench.model)),
    ("probabilities", sum_to_one),
    ("cells", counting_agrees),
    ("simulation", simulation_agrees),
    ("forms", forms_agree),
    ("gradient", gradient_is_right),
    ("finite", finite_over_prior),
    ("edges", edges_of_recognition),
    ("items", item_effects_agree),
    ("recovery", recovers),
)
#: Tens of seconds.
SLOW_CHECKS: tuple[tuple[str, Callable[[RecognitionBench], CheckResult]], ...] = (
    ("recovery of persons", recovers_persons),
)
