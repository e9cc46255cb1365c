"""A summary as files: PDF and plain text. Nothing here decides, stores or looks anything up."""
