"""From the values of a report to what a template draws: ticks, places in per cent, paths. Nothing here knows Flask."""
