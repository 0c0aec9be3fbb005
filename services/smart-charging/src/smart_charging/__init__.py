"""Forecasts sun and price and plans the charging of many sites."""
