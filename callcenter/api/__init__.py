"""HTTP on the one port: signing in, tickets, health, metrics and the console's files.

Imports the ports, never the floor's insides nor the agent channel: the composition root hands that
one in.
"""
