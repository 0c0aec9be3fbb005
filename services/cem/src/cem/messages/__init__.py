"""Messages of the bus to our values and back. Knows protobuf, no subjects."""
