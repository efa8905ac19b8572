"""From a model and data to estimates: the PyMC model, samplers, maximum likelihood, diagnostics, prediction."""
