"""Compiled likelihood cores and their PyTensor Ops: the only hand-optimised code."""
