#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make_deb.sh FOLDER VERSION: builds the packages in FOLDER, of a copy of the sources, and has lintian look
# at them: an error or a warning fails.
set -eu

folder=$1 version=$2
tree=$folder/slabvisor-$version
[ "$(dpkg-parsechangelog -S Version)" = "$version" ] || {
	echo "make_deb: debian/changelog is of version $(dpkg-parsechangelog -S Version), the sources of $version" >&2
	exit 1
}
rm -rf "$folder"
mkdir -p "$tree"
# What git knows or could know; of what is no checkout, all but what was built.
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard
else
	find . -path ./build -prune -o ! -type d -print0
fi | tar -c --null --files-from=- --ignore-failed-read | tar -xC "$tree"
# The packages of a variant would not be those that were tested.
unset MAKEFLAGS MAKEOVERRIDES MFLAGS
(cd "$tree" && DEB_BUILD_OPTIONS="parallel=$(nproc) ${DEB_BUILD_OPTIONS-}" dpkg-buildpackage -d -us -uc -b) >"$folder/log" 2>&1 || {
	tail -n 30 "$folder/log" >&2
	exit 1
}
lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$folder"/*.changes
ls "$folder"/*.deb
