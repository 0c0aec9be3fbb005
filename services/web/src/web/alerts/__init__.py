"""Alerts: from what sites say to rows, told to whoever wants to know."""
