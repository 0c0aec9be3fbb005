"""Web Push: alerts told to phones and browsers."""
