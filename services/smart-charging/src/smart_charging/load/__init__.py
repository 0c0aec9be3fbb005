"""What a site takes beside its cars in the next 72 h, learned from its own energies."""
