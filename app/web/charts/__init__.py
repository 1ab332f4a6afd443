"""Chart data for templates: ticks, positions in per cent, and paths. Nothing here knows Flask."""
