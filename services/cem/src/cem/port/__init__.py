"""The port `cem-port/1`: the production decision code on standard input and output."""
