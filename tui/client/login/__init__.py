"""Who asks: challenges, logins, tokens, and the exchange of one for the other."""
