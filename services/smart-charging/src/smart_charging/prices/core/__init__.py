"""What a price is and when to ask for it: values in, values out."""
