"""What the updater decides: pure, no clock, no wire."""
