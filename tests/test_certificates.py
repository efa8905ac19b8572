"""Certificates: a sound model passes, each way to be unsound fails its part, and a changed model is not certified."""

import importlib
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from grid_fits import grid_sample
from typer.testing import CliRunner

import kvfit as kv
from kvfit import cli, registry
from kvfit.certification import certify as certifying
from kvfit.certification import golden, records
from kvfit.certification.certify import certify
from kvfit.certification.definition import describe, describe_parameters, key, source_hash
from kvfit.certification.golden import check_golden, golden_cases
from kvfit.certification.parts import PARTS
from kvfit.certification.plan import Plan
from kvfit.certification.records import SHIPPED, Status, read_records, status, write_record
from kvfit.inference import fit as fitting
from kvfit.recovery.coverage import coverage_by_set
from kvfit.registry import Form

#: as small as can pass: yes/no answers of two persons, whose posteriors are drawn from a grid
SMALL = Plan(
    participants=2, trials=60, scale="no,yes", replicates=25, starts=3, simulations=200,
    sampling={"pooling": "none", "draws": 400, "chains": 2, "cores": 1},
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A certificate of `evsd` that passed, its folder, and the store of its results; stopped once on the way."""
    folder = tmp_path_factory.mktemp("certified")
    sampled = []

    def sample(*arguments: Any) -> kv.Fit:
        sampled.append(len(sampled) != 20)
        if not sampled[-1]:
            raise KeyboardInterrupt
        return grid_sample(*arguments)

    said: list[str] = []
    settings: dict[str, Any] = {"plan": SMALL, "store": folder / "fits", "show_progress": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "_sample", sample)
        with pytest.raises(KeyboardInterrupt):
            certify(["evsd"], output=folder / "out", **settings)
        stopped_early = not (folder / "out").exists()
        (certificate,) = certify(["evsd"], output=folder / "out", say=said.append, **settings)
    return {
        "certificate": certificate, "folder": folder / "out", "store": folder / "fits", "said": said,
        "sampled": sum(sampled), "stopped_early": stopped_early,
    }  # fmt: skip


@pytest.fixture
def certified(made: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of that certificate, which kvfit is told of."""
    monkeypatch.setenv(records.VARIABLE, str(made["folder"]))
    folder: Path = made["folder"]
    return folder


class TestCertificate:
    def test_a_sound_model_passes(self, made: dict[str, Any]) -> None:
        certificate, folder = made["certificate"], made["folder"]
        assert certificate.passed, str(certificate)
        assert [part.name for part in certificate.parts] == list(PARTS)
        results = {part.name: part.passed for part in certificate.parts}
        assert results == dict.fromkeys(PARTS, True) | {"behaviour": None, "identification": None, "timing": None}
        assert made["said"] == ["1 of 1: evsd", str(certificate)]
        page = (folder / "evsd.md").read_text(encoding="utf-8")
        assert page.startswith("# Equal-variance signal detection (`evsd`): passed")
        assert "0 of 50 estimates failed" in page
        assert "What tells it: " in page
        for name in ("behaviour", "recovery", "calibration"):
            assert f"(evsd_{name}.png)" in page
            assert (folder / f"evsd_{name}.png").read_bytes().startswith(b"\x89PNG")
        index = (folder / "README.md").read_text(encoding="utf-8")
        assert "| [`evsd`](evsd.md) | passed | passed | passed | described | passed | passed | passed |" in index
        assert "2 participants x 60 test trials" in index
        assert "`evsd`" not in index.partition("Without a certificate so far:")[2].partition(".")[0]

    def test_what_was_stopped_goes_on(self, made: dict[str, Any]) -> None:
        assert made["stopped_early"]  # without half a certificate
        # nothing was sampled twice
        assert made["sampled"] == SMALL.simulations

    def test_too_narrow_posteriors_fail(
        self, made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fitting, "_sample", partial(grid_sample, shrink=0.3))
        plan = replace(SMALL, seed=1)
        (found,) = certify(["evsd"], output=tmp_path, plan=plan, store=made["store"], show_progress=False)
        assert found.failed == ("calibration", "coverage")
        assert "not uniform: " in found.parts[4].summary
        assert "certainly outside 85% to 95%: d_prime" in found.parts[5].summary
        assert "**FAILED**" in (tmp_path / "README.md").read_text(encoding="utf-8")
        monkeypatch.setenv(records.VARIABLE, str(tmp_path))
        now = status(kv.families()["evsd"])
        assert not now.certified
        assert now.reason.endswith("says FAILED: calibration, coverage")

    def test_a_part_that_breaks_gives_a_certificate_that_says_so(
        self, made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(work: Any) -> Any:
            raise ZeroDivisionError("no such luck")

        monkeypatch.setitem(PARTS, "timing", broken)
        monkeypatch.setattr(golden, "golden_cases", lambda model: [{**golden_cases(model)[0], "relative": 1e-12}])
        (found,) = certify(["evsd"], output=tmp_path, plan=SMALL, store=made["store"], show_progress=False)
        assert found.failed == ("golden", "timing")
        page = (tmp_path / "evsd.md").read_text(encoding="utf-8")
        assert "broke with ZeroDivisionError: no such luck" in page
        assert "FAILED (golden, timing)" in page

    def test_too_few_simulations_cannot_pass(self, made: dict[str, Any], tmp_path: Path) -> None:
        plan = replace(SMALL, simulations=20, replicates=5)
        (found,) = certify(["evsd"], output=tmp_path, plan=plan, store=made["store"], show_progress=False)
        assert found.failed == ("recovery", "calibration", "coverage")
        assert "too few data sets: at least 200" in found.parts[4].summary

    def test_problems_are_told_before_anything_is_computed(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="did you mean evsd") as caught:
            certify(["evsdd", "uvsd", "uvsd", "gcm(semantic=True)"], output=tmp_path, store=tmp_path)
        assert "model uvsd: given twice" in str(caught.value)
        assert "needs similarities of items" in str(caught.value)
        assert not list(tmp_path.iterdir())


class TestStatus:
    def test_certified_models_are_listed_as_such(self, made: dict[str, Any], certified: Path) -> None:
        evsd = kv.families()["evsd"]
        assert status(evsd) == status(evsd, thorough=True) == Status(True, f"certified {made['certificate'].created}")
        listed = CliRunner().invoke(cli.app, ["models"]).output.splitlines()
        (line,) = [line for line in listed if line.startswith("  evsd ")]
        assert "experimental" not in line
        described = CliRunner().invoke(cli.app, ["models", "evsd"]).output
        assert f"Certificate: certified {made['certificate'].created}" in described

    def test_without_a_certificate_a_model_is_experimental(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(records, "SHIPPED", tmp_path)
        assert status(kv.families()["evsd"]) == Status(False, "not certified yet")
        assert "[experimental: not certified yet]" in CliRunner().invoke(cli.app, ["models"]).output
        described = CliRunner().invoke(cli.app, ["models", "evsd"]).output
        assert "Certificate: experimental, not certified yet" in described

    def test_forms_have_certificates_of_their_own(self, made: dict[str, Any], certified: Path) -> None:
        evsd = replace(kv.families()["evsd"], forms={"held": Form({"d_prime": 1.0}, "made up")})
        assert status(evsd, form="held") == Status(False, "not certified yet")
        record = json.loads((certified / "evsd.json").read_text())
        label = evsd(form="held").label
        record |= {"model": label, "definition": record["definition"] | describe_parameters(evsd(form="held"))}
        path = certified / f"{records.file_name(label)}.json"
        try:
            path.write_text(json.dumps(record))
            assert status(evsd, form="held").certified
        finally:
            path.unlink()

    def test_older_rules_are_told(self, made: dict[str, Any], certified: Path) -> None:
        path = certified / "evsd.json"
        before = path.read_text()
        try:
            record = json.loads(before)
            record["plan"]["simulations"] = 50
            path.write_text(json.dumps(record))
            reason = status(kv.families()["evsd"]).reason
        finally:
            path.write_text(before)
        assert reason.endswith("under an older rule (50 data sets of calibration, now 200)")

    def test_another_prior_is_another_model(self, certified: Path) -> None:
        evsd = kv.families()["evsd"]

        def wider(**options: Any) -> Any:
            model: Any = evsd.build(**options)
            (d_prime,) = model.memory.parameters
            return replace(model, memory=replace(model.memory, parameters=(replace(d_prime, interval=(0.0, 4.0)),)))

        now = status(replace(evsd, build=wider))
        assert not now.certified
        assert now.reason.endswith(": prior of d_prime")

    def test_another_likelihood_is_another_model(self, certified: Path) -> None:
        evsd = kv.families()["evsd"]

        def weaker(**options: Any) -> Any:
            model: Any = evsd.build(**options)
            evidence = model.memory.evidence
            return replace(
                model,
                memory=replace(
                    model.memory,
                    evidence=lambda p, cells, xp: evidence({**p, "d_prime": 0.999 * p["d_prime"]}, cells, xp),
                ),
            )

        now = status(replace(evsd, build=weaker))
        assert not now.certified
        assert now.reason.endswith(": its likelihood is another")

    def test_shared_code_is_seen_by_a_thorough_look(self, certified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        evsd = kv.families()["evsd"]
        monkeypatch.setattr("kvfit.models.evsd.Normal", replace_mean)
        assert status(evsd).certified  # its own file is as it was
        assert not status(evsd, thorough=True).certified

    def test_code_that_only_looks_different_is_the_same(
        self, certified: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        record = json.loads((certified / "evsd.json").read_text())
        record["definition"]["source"] = "0123"
        path = certified / "evsd.json"
        before = path.read_text()
        try:
            path.write_text(json.dumps(record))
            assert status(kv.families()["evsd"]).certified
            # files that are no records are no certificates
            path.write_text("{")
            monkeypatch.setattr(records, "SHIPPED", tmp_path)
            assert status(kv.families()["evsd"]) == Status(False, "not certified yet")
        finally:
            path.write_text(before)

    def test_results_belong_to_numbers_not_to_files(self, made: dict[str, Any]) -> None:
        definition = made["certificate"].definition
        assert key({**definition, "source": "0123"}) == key(definition)
        other = [1.0001 * value for value in definition["numbers"]]
        assert key({**definition, "numbers": other}) != key(definition)

    def test_records_of_shipped_models_hold(self) -> None:
        """Whoever changes a model makes its certificate again: `kvfit certify MODEL`."""
        shipped = {record["model"]: record for record in read_records(SHIPPED)}
        changed = {
            name: status(family, thorough=True).reason for name, family in kv.families().items() if name in shipped
        }
        assert {name: reason for name, reason in changed.items() if "changed" in reason} == {}
        assert set(shipped) <= set(kv.families())


def replace_mean(mean: Any) -> Any:
    from kvfit.recognition.distributions import Normal

    return Normal(1.01 * mean)


def test_a_plug_in_has_its_record_beside_it(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(str(kv.families()["evsd"].build.__code__.co_filename)).read_text(encoding="utf-8")
    (tmp_path / "my_evsd.py").write_text(source.replace('name="evsd"', 'name="my_evsd"'), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    family = importlib.import_module("my_evsd").MODEL

    class Entry:
        name, value = "my_evsd", "my_evsd:MODEL"

        def load(self) -> Any:
            return family

    monkeypatch.setattr(registry, "entry_points", lambda group: [Entry()])
    registry.installed.cache_clear()
    try:
        made_before = made["certificate"]
        model = kv.get_model("my_evsd")
        certificate = replace(made_before, model=model, definition=describe(family, model))
        assert status(family) == Status(False, "not certified yet")
        write_record(certificate, tmp_path / "certificates")
        assert check_golden(model) == ("no published numbers", ())
        assert status(family).certified
        assert status(family, thorough=True).certified
        # another version of kvfit may give it other numbers
        monkeypatch.setattr(kv, "__version__", "99")
        monkeypatch.setattr("my_evsd.Normal", replace_mean)
        assert not status(family).certified
        # the same code, with other comments
        text = (tmp_path / "my_evsd.py").read_text(encoding="utf-8")
        before = source_hash(family)
        (tmp_path / "my_evsd.py").write_text(text.replace("from collections", "# a comment\nfrom collections"))
        assert source_hash(family) == before
        (tmp_path / "my_evsd.py").write_text(text.replace("(0.0, 3.0)", "(0.0, 3.5)"))
        assert source_hash(family) != before
    finally:
        registry.installed.cache_clear()
        del sys.modules["my_evsd"]


class TestGolden:
    @pytest.mark.parametrize("name", sorted(kv.families()))
    def test_every_shipped_model_has_something_to_be_compared_with(self, name: str) -> None:
        what, checks = check_golden(kv.get_model(name))
        assert checks, what
        assert [check.detail for check in checks if not check.passed] == []
        for case in golden_cases(kv.get_model(name)):
            assert case["source"]
            assert case["how"]

    def test_a_wrong_number_is_seen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (case,) = golden_cases(kv.get_model("uvsd"))
        case["expected"]["p_new"][2] += 1e-6
        monkeypatch.setattr(golden, "golden_cases", lambda model: [case])
        (check,) = check_golden(kv.get_model("uvsd"))[1]
        assert not check.passed
        assert check.detail.startswith("p_new: expected 0.")

    @pytest.mark.parametrize("name", ["kv_recall", "serial_position", "random_recall"])
    def test_equations_written_anew_see_a_difference(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        model: Any = kv.get_model(name)

        def stronger(*arguments: Any) -> Any:
            tables = model.memory(*arguments)
            return replace(tables, initial=1.0001 * tables.initial)

        if name != "random_recall":
            assert not check_golden(replace(model, memory=stronger))[1][0].passed
        monkeypatch.setattr("kvfit.recall.stopping.REFERENCE_OUTPUT", 8.0001)
        assert not check_golden(model)[1][0].passed

    def test_simulated_probes_see_a_difference(self) -> None:
        model: Any = kv.get_model("kv_recognition")
        evidence = model.memory.evidence
        other = replace(
            model,
            memory=replace(
                model.memory, evidence=lambda p, cells, xp: evidence({**p, "match": 1.05 * p["match"]}, cells, xp)
            ),
        )
        assert not all(check.passed for check in check_golden(other)[1])

    def test_options_have_no_reference(self) -> None:
        assert check_golden(kv.get_model("kv_recall(query=value)")) == ("no published numbers", ())


def test_coverage_counts_data_sets() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=200)
    persons = pd.DataFrame(
        {
            "replicate": np.repeat(np.arange(50), 4),
            "parameter": "mean",
            "true": truth,
            "lower": np.where(np.arange(200) < 160, -10.0, 10.0),
            "upper": 20.0,
        }
    )
    (row,) = coverage_by_set(persons).to_dict("records")
    assert row["sets"] == 50
    assert row["coverage"] == pytest.approx(0.8)
    # whole data sets are right or wrong: the standard error is that of 50 observations
    half = 2.68 * np.sqrt(0.8 * 0.2 / 49)
    assert row["coverage_lower"] == pytest.approx(0.8 - half, abs=1e-3)
    assert row["coverage_upper"] == pytest.approx(0.8 + half, abs=1e-3)


def test_the_shell_certifies(monkeypatch: pytest.MonkeyPatch, made: dict[str, Any], tmp_path: Path) -> None:
    asked: dict[str, Any] = {}

    def run(models: Any, **options: Any) -> Any:
        asked.update(options, models=models)
        return [made["certificate"]]

    monkeypatch.setattr(certifying, "certify", run)
    found = CliRunner().invoke(cli.app, ["certify", "evsd", "-o", str(tmp_path), "--lists", "9", "--seed", "3"])
    assert found.exit_code == 0, found.output
    assert "1 of 1 passed" in found.output
    assert asked["models"] == ["evsd"]
    assert asked["plan"] == Plan(lists=9, seed=3)
    CliRunner().invoke(cli.app, ["certify", "--all", "--workers", "2"])
    assert asked["models"] == list(kv.families())
    assert asked["workers"] == 2
    refused = CliRunner().invoke(cli.app, ["certify"])
    assert isinstance(refused.exception, ValueError)
    monkeypatch.setattr(
        certifying, "certify", lambda *a, **k: [replace(made["certificate"], parts=(replace_failed(made),))]
    )
    failed = CliRunner().invoke(cli.app, ["certify", "evsd"])
    assert failed.exit_code == 1
    assert "0 of 1 passed: not evsd" in failed.output


def replace_failed(made: dict[str, Any]) -> Any:
    return replace(made["certificate"].parts[0], passed=False)
