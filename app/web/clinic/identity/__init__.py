"""Who somebody is, and how they prove it: Flask-Security wrapped, here and nowhere else (design section 8).

Its own pages are not served. Its hashing, codes and sign-in are used from our views, where every word is ours.
"""
