#!/usr/bin/env bash
# Installs the Debian packages that tests drive (Chromium, Dovecot), or says plainly why it cannot.
set -euo pipefail
wanted=()
[ -x /usr/bin/chromium ] || wanted+=(chromium)
[ -x /usr/sbin/dovecot ] || wanted+=(dovecot-imapd)
[ ${#wanted[@]} -gt 0 ] || { echo "all there"; exit 0; }
if ! command -v apt-get >/dev/null; then
  echo "The tests need ${wanted[*]}; this system has no apt-get. Install them by hand." >&2
  exit 1
fi
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "The tests need ${wanted[*]}: run 'apt-get install ${wanted[*]}' as root." >&2; exit 1; }
  sudo="sudo"
fi
echo "installing ${wanted[*]}"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
