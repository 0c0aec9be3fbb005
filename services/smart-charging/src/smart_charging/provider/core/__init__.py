"""What holds for every provider. Pure: no I/O, no clock."""
