"""The interface in German: the tables of all steps together. Knows no Blender.

Keys are the texts as they stand in the code; the tooltips of operators without their line breaks.
"""

from .choose.german import TEXTS as CHOOSE
from .client.german import TEXTS as CLIENT
from .clip.german import TEXTS as CLIP
from .german_common import TEXTS as COMMON
from .rig.german import TEXTS as RIG
from .sample.german import TEXTS as SAMPLE
from .setup.german import TEXTS as SETUP
from .takes.german import TEXTS as TAKES
from .track.german import TEXTS as TRACK

GERMAN = COMMON | CLIENT | SETUP | SAMPLE | CLIP | TRACK | TAKES | CHOOSE | RIG
