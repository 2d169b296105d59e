"""What the engine and its front ends say to each other: typed, serialisable, without logic."""

from core.protocol.actions import *
from core.protocol.change import *
from core.protocol.commands import *
from core.protocol.events import *
from core.protocol.evidence import *
from core.protocol.gates import *
from core.protocol.values import *
