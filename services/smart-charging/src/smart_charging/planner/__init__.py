"""The planner: a site's problem in, the cheapest plan and its proof out."""
