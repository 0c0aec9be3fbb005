"""The site's half of smart charging: what the planner is told, what it says, and how both look."""
