"""Which model describes these people best: predictive comparison by list and by participant."""
