"""Proves that a charger falls to its failsafe current when it hears nothing of us."""
