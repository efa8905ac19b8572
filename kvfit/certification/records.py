"""Records of certificates: where they are, and whether a model still is what was certified."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvfit.certification.certificate import FORMAT, Certificate
from kvfit.certification.definition import numbers, same_numbers, source_file, source_hash
from kvfit.certification.rules import FEWEST_SIMULATIONS
from kvfit.files import write_text
from kvfit.model_definition import describe_parameters

if TYPE_CHECKING:
    from kvfit.registry import ModelFamily

#: Of the models that come with kvfit.
SHIPPED = Path(__file__).parent / "records"
#: Environment variable that names a folder of one's own records.
VARIABLE = "KVFIT_CERTIFICATES"
#: Folder of records beside the file of a model.
BESIDE = "certificates"


@dataclass(frozen=True)
class Status:
    """Whether a model is certified.

    Parameters
    ----------
    certified : bool
    reason : str
        Why not, in words; for a certified model when it was certified.
    """

    certified: bool
    reason: str


def file_name(label: str) -> str:
    """File of a record or page, without its ending."""
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in label).strip("-")


def write_record(certificate: Certificate, folder: str | Path) -> Path:
    """Write the record of a certificate, whole or not at all."""
    lines = [f"{json.dumps(name)}: {json.dumps(v, ensure_ascii=False)}" for name, v in certificate.record().items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    return write_text(Path(folder) / f"{file_name(certificate.model.label)}.json", text)


def read_records(folder: str | Path) -> list[dict[str, Any]]:
    """All records of a folder, free recall first, then by name; other files are left alone."""
    found = [record for path in sorted(Path(folder).glob("*.json")) if (record := _read(path)) is not None]
    return sorted(found, key=lambda record: (record["task"], record["model"]))


def find_record(family: "ModelFamily", label: str | None = None) -> tuple[dict[str, Any], Path] | None:
    """Record of a family with its default options, or of the form that has this `label`, and its folder.

    Looked for in the folder that the environment variable ``KVFIT_CERTIFICATES`` names, in ``certificates`` beside the
    model's file, and among those that come with kvfit.
    """
    path, wanted = source_file(family), label or family.name
    named = os.environ.get(VARIABLE)
    folders = [Path(named)] if named else []
    folders += [path.parent / BESIDE] if path is not None else []
    for folder in (*folders, SHIPPED):
        record = _read(folder / f"{file_name(wanted)}.json")
        if record is not None and record["model"] == wanted:
            return record, folder
    return None


def status(family: "ModelFamily", *, form: str | None = None, thorough: bool = False) -> Status:
    """Whether a model with its default options, or in one of its published forms, is certified.

    Parameters
    ----------
    family : ModelFamily
    form : str, optional
        Name of a published form.
    thorough : bool
        Compute its numbers again even if its own file is unchanged: code that it shares with others may have changed. A
        test of kvfit's does so for the models that come with it.

    Notes
    -----
    A certificate is void once the parameters, their priors or the numbers of a model are others. Numbers take up to
    seconds, so that a listing computes them only where the model's file is not the one that was certified or, for records
    that did not come with kvfit, the version of kvfit is another.
    """
    from kvfit import __version__

    options = {} if form is None else {"form": form}
    try:
        model = family(**options)
    except ValueError as error:
        return Status(False, f"it cannot be built with {form or 'its default options'}: {error}")
    found = find_record(family, model.label)
    if found is None:
        return Status(False, "not certified yet")
    record, folder = found
    if not record["passed"]:
        failed = [name for name, part in record["parts"].items() if part["result"] == "FAILED"]
        return Status(False, f"its certificate of {record['created']} says FAILED: {', '.join(failed)}")
    then = record["definition"]
    changed = _changes(describe_parameters(model), then)
    if changed:
        return Status(False, f"changed since it was certified ({record['created']}): {changed}")
    same_code = source_hash(family) == then["source"] != ""
    same_kvfit = folder == SHIPPED or record["versions"].get("kvfit-memory") == __version__
    if thorough or not (same_code and same_kvfit):
        try:
            now = numbers(model)
        except Exception as error:  # a changed model may break in any way
            return Status(False, f"changed since it was certified: breaks with {type(error).__name__}: {error}")
        if not same_numbers(now, then["numbers"]):
            return Status(False, f"changed since it was certified ({record['created']}): its likelihood is another")
    return Status(True, f"certified {record['created']}{old_rule(record)}")


def old_rule(record: Mapping[str, Any]) -> str:
    """A remark on a record that was made when fewer data sets were asked for; empty for others."""
    n = record["plan"]["simulations"]
    return (
        f" under an older rule ({n} data sets of calibration, now {FEWEST_SIMULATIONS})"
        if n < FEWEST_SIMULATIONS
        else ""
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None


def _changes(now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """Parameters that are others, in words."""
    before, after = ({one[0]: one for one in side["parameters"]} for side in (then, now))
    said = [f"parameter {name} is new" for name in after if name not in before]
    said += [f"parameter {name} is gone" for name in before if name not in after]
    said += [f"prior of {name}" for name in after if name in before and after[name] != before[name]]
    if dict(now["fixed"]) != dict(then["fixed"]):
        said.append("values that are held")
    return "; ".join(said)
