"""LPC and LPP: limits of a grid operator on consumption and production, both sides."""
