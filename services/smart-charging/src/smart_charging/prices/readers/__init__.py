"""One provider's answer -> series, a file each. Pure: no I/O, no clock."""
