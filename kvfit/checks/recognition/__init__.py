"""Checks of recognition models: what :func:`kvfit.check_model` runs on them."""
