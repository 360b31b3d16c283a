#!/usr/bin/env bash
# Installs the Debian packages that tests drive (Chromium), or says plainly why it cannot.
set -euo pipefail
wanted=()
[ -x /usr/bin/chromium ] || wanted+=(chromium)
[ ${#wanted[@]} -gt 0 ] || { echo "all there"; exit 0; }
if ! command -v apt-get >/dev/null; then
  echo "The browser tests need ${wanted[*]}; this system has no apt-get. Install it by hand as /usr/bin/chromium." >&2
  exit 1
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "The browser tests need ${wanted[*]}: run 'apt-get install ${wanted[*]}' as root." >&2; exit 1; }
  sudo="sudo"
fi
echo "installing ${wanted[*]}"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
