"""What the sun will give a site in the next 72 h: weather sources, the model, what was learned."""
