"""What the front door decides: roles, lock-out, SKIs, staleness. No I/O, no clock."""
