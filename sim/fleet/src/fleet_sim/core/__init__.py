"""How simulated sites live: by seed and clock alone, so that every run tells the same story."""
