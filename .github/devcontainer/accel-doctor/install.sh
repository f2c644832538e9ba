#!/bin/sh
# Run as root while the image of a dev container is built, with the options of devcontainer-feature.json as variables.
set -eu

if ! python3 -c 'import ensurepip' 2>/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo 'accel-doctor: needs python3 with venv: put the feature "python" before it' >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv
  rm -rf /var/lib/apt/lists/*
fi
python3 -m venv /opt/accel-doctor
/opt/accel-doctor/bin/pip install --quiet --no-cache-dir --disable-pip-version-check "${PACKAGE:-accel-doctor}"
ln -sf /opt/accel-doctor/bin/accel-doctor /usr/local/bin/accel-doctor
