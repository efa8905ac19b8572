"""Certificates: what was checked of each model, kept with it, and void once the model gives other numbers."""
