"""The charger side: a charging station with at most one car plugged."""
