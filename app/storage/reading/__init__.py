"""Reading a user's file, in a child process with limits: the only place where user bytes are parsed."""

from app.storage.reading.sandbox import read_file

__all__ = ["read_file"]
