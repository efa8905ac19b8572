"""Scripts that are no part of the package, loaded for tests: those of ``analyses`` and of data folders."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ANALYSES = Path(__file__).resolve().parents[1] / "analyses"


def load_script(path: Path) -> ModuleType:
    """Run a script as a module, without what it does when it is called."""
    spec = importlib.util.spec_from_file_location(f"script_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def load_analysis(name: str) -> ModuleType:
    """``analyses/NAME.py`` as a module; give the result to one fixture a test file."""
    return load_script(ANALYSES / f"{name}.py")
