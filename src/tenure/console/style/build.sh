#!/bin/sh
# Builds static/console.css from style/console.css and the templates. Needs Node's npm; run it when either changes.
# Usage: build.sh [a folder to work in, kept for the next time]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work" && cd "$work"
[ -d node_modules/purgecss ] || npm install --no-save --silent \
  tailwindcss@4 @tailwindcss/cli@4 basecoat-css@1.0.2 htmx.org@4.0.1 purgecss@8
cp "$here/console.css" console.css
sed -i "s|@source \"../templates\"|@source \"$here/../templates\"|" console.css
# Basecoat shows its dark colours under a class that a script sets; here the browser's preference decides.
sed -e 's|@custom-variant dark .*|@custom-variant dark (@media (prefers-color-scheme: dark));|' \
    -e 's|^\.dark {|@media (prefers-color-scheme: dark) { :root {|' \
    -e 's|^  color-scheme: dark;|  color-scheme: dark; }|' \
    node_modules/basecoat-css/dist/base/base.css > basecoat-dark-by-preference.css
npx tailwindcss -i console.css -o built.css --optimize
cat > purgecss.config.cjs <<END
module.exports = {
  css: ["built.css"], content: ["$here/../templates/**/*.html"], output: "purged.css",
  defaultExtractor: (text) => text.match(/[^\\s"'<>={}%]+/g) || [],
};
END
npx purgecss --config ./purgecss.config.cjs
npx tailwindcss -i purged.css -o "$here/../static/console.css" --minify
vendor="$here/../static/vendor"
cp node_modules/htmx.org/dist/htmx.min.js "$vendor/htmx.min.js"
cp node_modules/htmx.org/LICENSE "$vendor/LICENSE-htmx.txt"
cp node_modules/basecoat-css/LICENSE.md "$vendor/LICENSE-basecoat.txt"
cp node_modules/tailwindcss/LICENSE "$vendor/LICENSE-tailwindcss.txt"
