"""Distributions of recognition evidence that global-matching memories predict.

One file a memory. Each says how the evidence of old and new items is distributed, given the list; none knows about
criteria, participants or samplers. What has no closed form is computed numerically once for a design and tabulated
(`kvfit.recognition.evidence.probit_table`), so that a likelihood costs no more than a signal-detection model.
"""
