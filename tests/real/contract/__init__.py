"""What holds of the client whichever registry it talks to: the same tests over every server at hand.

What a server does differently is a table, `traits.py`; the tests read what to expect from it.
"""
