"""Fit and compare key-value and classical memory models."""
