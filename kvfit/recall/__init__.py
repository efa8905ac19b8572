"""Parts of free-recall models: memory tables, choice (separation) and stopping, each replaceable alone."""
