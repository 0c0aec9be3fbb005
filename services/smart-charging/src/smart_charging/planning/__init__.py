"""The running service: who is planned when, with what, and how the plan reaches its site."""
