"""What the engine and its front ends say to each other: typed, serialisable, without logic."""

from core.protocol.actions import *  # noqa: F403
from core.protocol.commands import *  # noqa: F403
from core.protocol.events import *  # noqa: F403
from core.protocol.gates import *  # noqa: F403
from core.protocol.values import *  # noqa: F403
