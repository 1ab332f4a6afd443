"""Reading a user's file, in a child process with limits: the only place where user bytes are parsed."""

from app.storage.reading.sandbox import peek_file, read_file

__all__ = ["peek_file", "read_file"]
