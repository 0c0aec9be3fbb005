"""What the HTTP API takes and gives, as pydantic models. They know neither bus nor database."""
