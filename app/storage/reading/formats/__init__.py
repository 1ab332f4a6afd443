"""File formats besides delimited text, one module each, recognised by content."""

from app.storage.reading.formats.detection import RecognisedFile, recognise
from app.storage.reading.formats.file_format import Format
from app.storage.reading.formats.packing import SCRATCH
from app.storage.reading.formats.registry import FORMATS, find_format
from app.storage.reading.formats.unpacking import Unpacked, unpack

__all__ = ["FORMATS", "SCRATCH", "Format", "RecognisedFile", "Unpacked", "find_format", "recognise", "unpack"]
