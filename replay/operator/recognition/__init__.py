"""How a skill shows in a replay: what is seen of the hands, and what speaks for a skill in it.

Each of `carrying`, `cloth`, `fitting`, `motions`, `pushing`, `strokes` and `taking` holds the patterns of one idea. A pattern goes by
the arguments of a skill (which joint, which site, which body), never by the scenario. Skills that show alike share one; what tells
them apart is their place in the chain.
"""
