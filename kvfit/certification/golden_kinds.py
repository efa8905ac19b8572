"""What golden cases compute, one function a kind: found numbers by name from a case's model and inputs."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Found = Mapping[str, Any]


def _recalls(spec: str, inputs: Mapping[str, Any]) -> Found:
    """Log-likelihoods of lists."""
    from kvfit.likelihood import log_likelihood

    data = recalled_lists(inputs["list_length"], inputs["recalls"])
    return {"log_likelihood": log_likelihood(spec, data, inputs["parameters"]).to_numpy()}


def _next_recall(spec: str, inputs: Mapping[str, Any]) -> Found:
    """Probability of the next item ``(history, position)``, given that recall goes on."""
    from kvfit.likelihood import log_likelihood

    n = inputs["list_length"]
    rows = np.zeros((len(inputs["after"]), n))
    for row, history in zip(rows, inputs["after"], strict=True):
        left = [position for position in range(1, n + 1) if position not in history]
        data = recalled_lists(n, [[*history, position] for position in left])
        # what came before, and stopping after it, is the same in all of these lists
        ll = log_likelihood(spec, data, inputs["parameters"]).to_numpy()
        row[np.array(left) - 1] = np.exp(ll - np.logaddexp.reduce(ll))
    return {"p_next": rows}


def recalled_lists(list_length: int, recalls: list[list[int]]) -> Any:
    """Lists of one participant, recalled positions from 1."""
    from kvfit.recovery.designs import free_recall_design

    responses = np.zeros((len(recalls), list_length), dtype=np.int16)
    for row, one in zip(responses, recalls, strict=True):
        row[: len(one)] = one
    return free_recall_design(1, len(recalls), list_length).with_responses(responses)


def _ratings(spec: str, inputs: Mapping[str, Any]) -> Found:
    """Probabilities of response categories, and the log-likelihood of counts."""
    from kvfit.recovery.designs import recognition_design
    from kvfit.registry import get_model

    data = recognition_design(1, 24, inputs["scale"])
    model: Any = get_model(spec).bind(data)
    design = model.design(data)
    table = model.log_probabilities(design, {name: np.array([v]) for name, v in inputs["parameters"].items()})
    table = np.broadcast_to(table, design.counts.shape)
    new, old = table[~design.old][0], table[design.old][0]
    found = {"p_new": np.exp(new), "p_old": np.exp(old)}
    if "counts_new" in inputs:
        found["log_likelihood"] = np.dot(inputs["counts_new"], new) + np.dot(inputs["counts_old"], old)
    return found


def _echo(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.recognition.evidence.minerva2 import echo

    one = echo(np.array(inputs["probe"]), np.array(inputs["traces"]))
    return {"similarity": one.similarity, "echo_content": one.content, "echo_intensity": one.intensity}


def _echo_moments(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.recognition.evidence.minerva2 import moments

    law = (inputs["learning"], inputs["n_features"], inputs["n_traces"])
    each = [moments(*law, times, inputs["features"]) for times in inputs["times"]]
    return {"mean": [mean for mean, _ in each], "variance": [variance for _, variance in each]}


def _echo_rates(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.recognition.evidence.echo_intensity import intensity_distribution

    law = (inputs["learning"], inputs["n_features"], inputs["n_traces"])
    at = np.array(inputs["criteria"])
    names = {"hit_rate": 1, "false_alarm_rate": 0}
    return {k: 1.0 - intensity_distribution(at, *law, times, inputs["features"]) for k, times in names.items()}


def _likelihood_ratios(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.recognition.evidence.rem import likelihood_ratios

    ratios = likelihood_ratios(np.array(inputs["probe"]), np.array(inputs["images"]), inputs["g"], inputs["c"])
    return {"likelihood_ratios": ratios, "odds": ratios.mean()}


def _odds_rates(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.recognition.evidence.rem import RemItems, storage_probability
    from kvfit.recognition.evidence.rem_odds import log_odds_distribution

    stored = storage_probability(inputs["u_star"], inputs["t"])[None]
    items = RemItems(inputs["w"], inputs["g"], inputs["c"])
    found: dict[str, list[float]] = {"hit_rate": [], "false_alarm_rate": []}
    for n in inputs["list_lengths"]:
        for name, old in (("hit_rate", True), ("false_alarm_rate", False)):
            log_odds, distribution = log_odds_distribution(stored, n, items, old=old)
            found[name].append(1.0 - float(np.interp(0.0, log_odds, distribution[0])))
    return found


def _vector_sum(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.recognition.evidence.matrix import todam_moments

    return vars(todam_moments(**inputs))


def _outer_products(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.recognition.evidence.matrix import matrix_moments

    # all items are alike
    moments = matrix_moments(**inputs)
    return vars(moments) | {"mean_old": moments.mean_old[0], "variance_old": moments.variance_old[0]}


def _exemplars(spec: str, inputs: Mapping[str, Any]) -> Found:
    from kvfit.memory.similarity import distance
    from kvfit.recognition.evidence.gcm import p_old, similarity, summed_similarity

    at = np.array(inputs["coordinates"])
    apart = distance(at, at, np.array(inputs["attention"]), inputs["metric"])
    alike = similarity(apart, inputs["sensitivity"], inputs["exponent"])
    familiarity = summed_similarity(alike, np.array(inputs["strengths"], dtype=float))
    return {"summed_similarity": familiarity, "p_old": p_old(familiarity, inputs["background"])}


#: By the name that cases use.
KINDS: Mapping[str, Callable[[str, Mapping[str, Any]], Found]] = {
    "recalls": _recalls,
    "next recall": _next_recall,
    "ratings": _ratings,
    "echo": _echo,
    "echo moments": _echo_moments,
    "echo rates": _echo_rates,
    "likelihood ratios": _likelihood_ratios,
    "odds rates": _odds_rates,
    "vector sum": _vector_sum,
    "outer products": _outer_products,
    "exemplars": _exemplars,
}
