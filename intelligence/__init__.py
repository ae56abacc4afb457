"""The mind: who is calling, why, and what to answer. Knows the floor's words and the ports only."""
