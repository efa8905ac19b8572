"""Data sets by name: what is known about them, where they are, and how each is obtained.

`load` reads a data set, `list_datasets` and `describe_dataset` tell what there is. Every folder beside this
file describes one known data set (README.md for people, metadata.json for programs). A real table of counts and
a simulated set with known truth come with kvfit, two sets with the Python package psifr; the others are read from
the folder that the environment variable KVFIT_DATA names.
"""

from kvfit.data.catalogue import describe_dataset, list_datasets, load

__all__ = ["describe_dataset", "list_datasets", "load"]
