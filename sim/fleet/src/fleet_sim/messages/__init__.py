"""What simulated sites say, in the messages of the product."""
