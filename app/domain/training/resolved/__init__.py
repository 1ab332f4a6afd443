"""What a training worked out from a config: the schema of `resolved`, how it is put together, and how it is checked."""
