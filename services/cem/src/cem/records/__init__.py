"""What is kept of a site: sessions, energy, decisions, evidence; and how it leaves the site."""
