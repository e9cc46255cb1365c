"""The pages: what a browser is sent, and what it may send back. Nothing here decides what a question or an answer is."""
