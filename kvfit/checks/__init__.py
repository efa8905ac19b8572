"""The single checks behind :func:`kvfit.check_model`, one kind a file."""
