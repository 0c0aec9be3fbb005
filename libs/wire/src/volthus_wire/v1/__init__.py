"""Generated from proto/volthus_wire/v1 by `make proto`."""
