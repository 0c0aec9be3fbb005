"""MPC and MGCP: the power of a unit and of the grid connection point, both sides."""
