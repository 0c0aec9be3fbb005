"""What a proof of a failsafe consists of: pure."""
