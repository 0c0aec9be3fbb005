"""`cem car-connector`: asks carmakers' services what batteries hold, tells it by our public API."""
