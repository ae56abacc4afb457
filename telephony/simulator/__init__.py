"""A simulated Asterisk 22: the same events and answers over AMI, people who call, no telephone.

For tests, benchmarks and the demonstration. ``Simulator`` runs it; everything else is pure and can
be driven by hand (``Exchange``). It must not be reachable from anywhere but this machine.
"""

from telephony.simulator.arrivals import Arrival, Driver, Outcome
from telephony.simulator.exchange import Exchange, ExchangeFullError, UnknownNumberError
from telephony.simulator.living import Habits, LivingCallers, Somebody
from telephony.simulator.outside import Outside, Outsider
from telephony.simulator.script import ScriptDriver, ScriptedCall, ScriptError
from telephony.simulator.settings import (
    Member,
    Phone,
    QueueLine,
    Route,
    SettingsError,
    SimulatorSettings,
    User,
)
from telephony.simulator.simulator import Simulator

__all__ = [
    "Arrival",
    "Driver",
    "Exchange",
    "ExchangeFullError",
    "Habits",
    "LivingCallers",
    "Member",
    "Outcome",
    "Outside",
    "Outsider",
    "Phone",
    "QueueLine",
    "Route",
    "ScriptDriver",
    "ScriptError",
    "ScriptedCall",
    "SettingsError",
    "Simulator",
    "SimulatorSettings",
    "Somebody",
    "UnknownNumberError",
    "User",
]
