"""SHIP 1.0.1 as pure values and functions: no I/O, no clock, no randomness."""
