"""Prices and CO2 signals from many sources, as series of UTC intervals that never pretend."""
