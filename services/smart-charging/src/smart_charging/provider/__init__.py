"""How any provider of prices, CO2 or weather is asked: bounded, checked, never too often."""
