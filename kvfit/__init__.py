"""Fit and compare key-value and classical memory models on behavioural recall and recognition data.

The public names are loaded when they are first used, so that ``import kvfit`` stays fast.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*_names, "__version__"]
