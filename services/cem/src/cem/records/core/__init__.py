"""What becomes a record, and when: pure; no I/O, no clock, no database."""
