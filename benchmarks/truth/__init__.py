"""What is true of files, written down before the code that works it out, by someone who did not write that code."""
