"""Alerts as rules and a state machine. Pure: it knows no message, no store, no clock."""
