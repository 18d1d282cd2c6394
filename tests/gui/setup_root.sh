#!/bin/bash
# setup_root.sh [SUITE] [FOLDER]: a Debian system with a Blender that has windows, for --root.
#   trixie: Blender 4.3 (Python 3.13)      sid (default): Blender 5.2 (Python 3.14)
# Needs root, mmdebstrap and a Debian mirror. Nothing is mounted. Safe to run twice.
set -euo pipefail
SUITE=${1:-sid}
ROOT=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/retake-blender-gui/$SUITE}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
# Debian's Blender 5.2 does not depend on cattrs, without which extensions cannot be installed.
PACKAGES=blender,xvfb,xauth,xdotool,libgl1-mesa-dri,libegl1,libegl-mesa0,libglx-mesa0,libgl1
PACKAGES=$PACKAGES,python3-requests,python3-numpy,python3-zstandard,ca-certificates
[ "$SUITE" = sid ] && PACKAGES=$PACKAGES,python3-cattr
if [ ! -x "$ROOT/usr/bin/blender" ]; then
    mkdir -p "$(dirname "$ROOT")"
    mmdebstrap --quiet --mode=root --variant=apt --include="$PACKAGES" \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
        "$SUITE" "$ROOT" "$MIRROR"
fi
mkdir -p "$ROOT/tmp/.X11-unix"; chmod 1777 "$ROOT/tmp" "$ROOT/tmp/.X11-unix"
chroot "$ROOT" blender --version | head -1
