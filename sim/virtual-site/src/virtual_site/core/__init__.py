"""What the outside world does, as pure functions of time and of what is told to it."""
