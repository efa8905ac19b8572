"""Regression on the parameters of models: formulas, what they become in a model, and effects on the natural scale."""
