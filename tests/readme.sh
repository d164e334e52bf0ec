# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The commands of README.md, for the scripts that run them.

# Prints them, a line each: what is indented, outside of ```, but for what a command prints.
readme_commands() {
	awk '/^```/ { code = !code }
		code || !/^    / { next }
		{ sub(/^    /, "") }
		/^\$ / { shown = 1; print substr($0, 3); next }
		shown && /^( |slabvisor: )/ { next }
		{ shown = 0; print }' README.md | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta'
}

# The folder of the sockets of names.
readme_names=/run/slabvisor

# The socket that a command makes, if it goes on until it is ended.
readme_socket_of() { # COMMAND
	sed -n -e "s|.*--name \([^ ]*\).*|$readme_names/\1.sock|p" \
		-e 's/.*--qmp unix:\([^ ]*\).*/\1/p' -e 's/.*--socket-path \([^ ]*\).*/\1/p' <<<"$1"
}
