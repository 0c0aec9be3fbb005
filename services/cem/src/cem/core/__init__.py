"""What the CEM decides: values in, values out. No I/O, no clock, no wire format."""
