"""What the rotation test decides: its course, and what its edges tell. No I/O, no clock."""
