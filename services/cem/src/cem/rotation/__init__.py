"""Finds the phases a charger, or the meter's clamps, sit on by pulsing a charging car."""
