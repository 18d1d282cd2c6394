"""Pictures of what a benchmark has made, for people to judge."""
