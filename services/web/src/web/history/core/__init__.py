"""What the history decides: pure."""
