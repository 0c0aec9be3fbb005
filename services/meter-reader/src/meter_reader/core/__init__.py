"""What the meter reader decides. No clock, no wire, no Modbus."""
