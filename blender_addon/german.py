"""The interface in German: the tables of all steps together. Knows no Blender.

Keys are the texts as they stand in the code; the tooltips of operators without their line breaks.
"""

from .choose.german import TEXTS as CHOOSE
from .client.german import TEXTS as CLIENT
from .clip.german import TEXTS as CLIP
from .german_common import TEXTS as COMMON
from .german_server import TEXTS as SERVER
from .german_shared import TEXTS as SHARED
from .rig.german import TEXTS as RIG
from .rig.german_errors import TEXTS as RIG_ERRORS
from .sample.german import TEXTS as SAMPLE
from .setup.german import TEXTS as SETUP
from .takes.german import TEXTS as TAKES
from .takes.german_names import TEXTS as NAMES
from .track.german import TEXTS as TRACK

STEPS = CLIP | TRACK | TAKES | CHOOSE | RIG | RIG_ERRORS
GERMAN = COMMON | SHARED | SERVER | CLIENT | SETUP | SAMPLE | STEPS | NAMES
