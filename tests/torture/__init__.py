"""`make torture`: people at work while the server is killed again and again, and a checker that was only told."""
