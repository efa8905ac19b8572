"""The report: plain content in, one self-contained HTML page out."""
