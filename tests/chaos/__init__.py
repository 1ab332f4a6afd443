"""The kill test: the real product under kills, locks, full disks and restarts, judged by what its users were told."""
