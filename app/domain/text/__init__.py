"""Text for people: numbers, plurals, lists and messages. Imports nothing of app."""
