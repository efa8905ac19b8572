"""Would the method have found the truth? Parameters, models and posteriors recovered on the user's own design."""
