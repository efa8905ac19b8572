"""What kvfit is timed against; each rival is set up as its own guide says, or better."""
