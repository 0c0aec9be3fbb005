"""Decides every second how many amperes each charger may draw."""
