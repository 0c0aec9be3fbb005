"""What the gateway decides: whom to trust, what is wanted, what to write now."""
