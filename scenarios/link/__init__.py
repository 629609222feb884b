"""The link between operator and robot: what it is, what it does to each message, and a fit to a ping trace."""
