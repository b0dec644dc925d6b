#!/bin/sh
# Fetch the npm packages that npm.lock names into FOLDER/node_modules, each checked against its digest.
# `npm pack` and not `npm install`: one of them depends on a package that was never published.
set -eu
folder=$1
lock=$2

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo 'The peers need Node 20 or newer with npm (on Debian: apt-get install nodejs npm).' >&2
  exit 1
fi
if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; then
  echo "The peers need Node 20 or newer, and this is $(node --version)." >&2
  exit 1
fi

rm -rf "$folder"
mkdir -p "$folder"
while read -r name version digest; do
  echo "Fetching $name $version into $folder"
  archive=$(npm pack --silent --pack-destination "$folder" "$name@$version")
  found=$(node -e '
    const bytes = require("node:fs").readFileSync(process.argv[1]);
    console.log("sha512-" + require("node:crypto").createHash("sha512").update(bytes).digest("base64"));
  ' "$folder/$archive")
  if [ "$found" != "$digest" ]; then
    echo "$name $version is not what was recorded in $lock: $found" >&2
    exit 1
  fi
  mkdir -p "$folder/node_modules/$name"
  tar -xzf "$folder/$archive" -C "$folder/node_modules/$name" --strip-components 1
  rm "$folder/$archive"
done <"$lock"
