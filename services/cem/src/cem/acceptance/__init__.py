"""Keeps what electricians signed when they handed the site over: added to, never changed."""
