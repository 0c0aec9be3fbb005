"""EEBUS for Python: SHIP, SPINE and the e-mobility use cases, both sides."""
