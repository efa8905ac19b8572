"""Tasks: what each behavioural task's data are, how they are read and checked, and their summary curves."""
