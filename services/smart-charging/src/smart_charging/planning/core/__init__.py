"""What of it is decided: pure, times come in as arguments. Arrays of numpy; no message."""
