"""The screens: browsers of agents and supervisors, and the channel they speak (``cc.v1``).

The protocol is described in ``docs/agent-channel.md``. Sockets, tasks and logs are only in
``gateway``, ``connection``, ``screens`` and ``commands``; the rest is pure. Nothing here imports
the telephony or the intelligence package.
"""
