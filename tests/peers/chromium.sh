#!/bin/sh
# See that there is a Chromium for the tests of the console; install Debian's if that can be done here.
set -eu
test -x /usr/bin/chromium && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo 'Installing chromium'
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  exit 0
fi
echo 'The tests of the console need /usr/bin/chromium: as root, apt-get install chromium, or put a link there.' >&2
exit 1
