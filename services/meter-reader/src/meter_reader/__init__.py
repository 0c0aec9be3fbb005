"""Reads the energy meters of a site over Modbus."""
