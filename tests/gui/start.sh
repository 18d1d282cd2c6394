#!/bin/bash
# start.sh WIDTH HEIGHT BLENDER DRIVE.py WALK.py ZIP OUT
# A screen of its own (Xvfb), Blender in it, and nothing left behind. Also runs inside a chroot.
set -euo pipefail
W=$1 H=$2 BLENDER=$3 DRIVE=$4; shift 4
export LIBGL_ALWAYS_SOFTWARE=1 PYTHONDONTWRITEBYTECODE=1
mkdir -p "$HOME" /tmp/.X11-unix
XDG_RUNTIME_DIR=$(mktemp -d); export XDG_RUNTIME_DIR
FB=$(mktemp -d); export RETAKE_GUI_SCREEN=$FB/Xvfb_screen0
Xvfb -displayfd 5 -screen 0 "${W}x${H}x24" -fbdir "$FB" -nolisten tcp +extension GLX \
    5>"$FB/number" 2>"$FB/log" & SERVER=$!
trap 'kill $SERVER 2>/dev/null; wait $SERVER 2>/dev/null; rm -rf "$FB" "$XDG_RUNTIME_DIR"' EXIT
for _ in $(seq 100); do [ -s "$FB/number" ] && break; sleep 0.1; done
DISPLAY=:$(cat "$FB/number"); export DISPLAY
"$BLENDER" --factory-startup --python-exit-code 9 --window-geometry 0 0 "$W" "$H" \
    --python "$DRIVE" -- "$@"
