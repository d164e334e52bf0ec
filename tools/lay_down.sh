#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# lay_down.sh install STAGE ROOT LIST: copies the files below STAGE to the same places below ROOT, and
# writes to ROOT/LIST what it laid down. lay_down.sh remove ROOT LIST: takes exactly that away again.
#
# The list has a line for each file and for each folder that was not there before: so what others have
# in the same folders stays, and so do the folders. Installed again, what only the installation before
# had is removed.
set -eu
umask 022

die() {
	echo "lay_down: $*" >&2
	exit 1
}

# Folders are removed from the inside out, and only while they are empty.
remove() { # ROOT LISTED
	while read -r kind path; do
		[ "$kind" != file ] || rm -f "$1$path"
	done <"$2"
	sort -r "$2" | while read -r kind path; do
		[ "$kind" != folder ] || rmdir "$1$path" 2>/dev/null || true
	done
}

case ${1-} in
install)
	stage=$2 root=$3 list=$4
	new=$(mktemp)
	trap 'rm -f "$new" "$new.old" "$new.gone"' EXIT
	: >"$new.old"
	[ ! -e "$root$list" ] || cp "$root$list" "$new.old"
	(cd "$stage" && find . -mindepth 1 -type d | sort) | while read -r path; do
		path=${path#.}
		# Made by the installation before counts as made.
		if [ ! -d "$root$path" ]; then
			# Above the first of ours, too, all that is not there.
			mkdir -p "$root$path"
			echo "folder $path"
		elif grep -qxF "folder $path" "$new.old"; then
			echo "folder $path"
		fi
	done >"$new"
	(cd "$stage" && find . ! -type d | sort) | while read -r path; do
		path=${path#.}
		rm -f "$root$path"
		cp -P --preserve=mode "$stage$path" "$root$path"
		echo "file $path"
	done >>"$new"
	echo "file $list" >>"$new"
	sort "$new" >"$new.sorted" && mv "$new.sorted" "$new"
	sort "$new.old" | comm -13 "$new" - >"$new.gone"
	remove "$root" "$new.gone"
	install -m 644 "$new" "$root$list"
	;;
remove)
	root=$2 list=$3
	[ -e "$root$list" ] || die "$root$list: there is no such list: nothing was installed there, or by other means"
	old=$(mktemp)
	trap 'rm -f "$old"' EXIT
	cp "$root$list" "$old"
	remove "$root" "$old"
	;;
*) die 'install STAGE ROOT LIST, or remove ROOT LIST, would be right' ;;
esac
