"""Recordings of what the control loop heard and decided; played again, as it was or otherwise."""
