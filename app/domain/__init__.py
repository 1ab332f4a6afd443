"""The pure part: values in, values out. Nothing here knows of Flask, SQL, Redis or files."""
