"""Figures of the report, as matplotlib `Figure` objects without global state, and as inline SVG."""
