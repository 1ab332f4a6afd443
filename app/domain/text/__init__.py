"""Values as words: the one place where numbers, plurals and lists are written for people. Imports nothing of app."""
