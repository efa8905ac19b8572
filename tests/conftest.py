"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

SHARED_VARIABLE = "KVFIT_SHARED"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of checked reference numbers (``golden/``) and data sets (``data/``).

    ``KVFIT_SHARED`` names it; without that variable it is the folder ``shared`` beside the checkout. A test
    that asks for it is skipped where it is absent, but fails where the variable names a folder that does not
    exist.
    """
    named = os.environ.get(SHARED_VARIABLE)
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if folder.is_dir():
        return folder
    if named:
        pytest.fail(f"{SHARED_VARIABLE} names {named}, which is not a folder; correct it or unset it", pytrace=False)
    pytest.skip(f"no folder of shared reference data; set {SHARED_VARIABLE} to it")
