"""What smart charging decides."""
