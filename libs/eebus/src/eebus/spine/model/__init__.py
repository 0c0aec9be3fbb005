"""What SPINE's data look like: element order, kinds, list keys. Declared, not interpreted."""
