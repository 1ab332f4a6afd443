"""Usage: events recorded where things happen, and what administrators see of them."""
