"""What data can say about a model's parameters: before sampling, from the design, and after it, from the posterior."""
