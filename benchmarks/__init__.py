"""Speed of kvfit against the tools that a modeller would use otherwise: `python -m benchmarks`."""
