"""Who people are: sign-in through an identity provider, enterprises and mandates, units, roles, sessions."""
