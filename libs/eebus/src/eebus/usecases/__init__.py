"""The use cases on top of SPINE, for both sides. Pure: no I/O, no clock."""
