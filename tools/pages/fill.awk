# SPDX-License-Identifier: BSD-2-Clause
# Fills in a page or a script, so that what stands elsewhere is written once. Of these lines each is
# replaced by
#
#   @part WHAT [NAME]       what the program `tool` prints for that
#   @counters               the counters of docs/COUNTERS.md
#   @calls                  the table of functions of README.md
#   @example                its program in C
#   @type FILE KIND NAME    the declaration of a struct or an enum in a header
#   @defines FILE PREFIX... the macros of a header that begin so
#
# and @VERSION@ by the version. What prints nothing is an error: it was renamed.

function fail(what) {
	printf "%s:%d: %s: there is none\n", FILENAME, FNR, what >"/dev/stderr"
	failed = 1
	exit 1
}

function insert(command,    line, n) {
	while ((command | getline line) > 0) {
		print line
		n++
	}
	if (close(command) || !n)
		fail(command)
}

# Code, as roff takes it.
function literal(line) {
	gsub(/\\/, "\\e", line)
	gsub(/-/, "\\-", line)
	gsub(/\t/, "    ", line)
	if (line ~ /^[.']/)
		line = "\\&" line
	return line
}

function type(file, start,    line, on, n) {
	print ".Bd -literal -offset indent"
	while ((getline line <file) > 0) {
		on = on || index(line, start " {") == 1
		if (!on)
			continue
		print literal(line)
		n++
		if (line ~ /^};/)
			break
	}
	close(file)
	print ".Ed"
	if (!n)
		fail(start)
}

# Macros, without those that make lists, and without the comments beside them being cut.
function defines(file, prefixes, nr,    line, i, n, name, goes_on) {
	print ".Bd -literal -offset indent"
	while ((getline line <file) > 0) {
		if (!goes_on) {
			split(line, word, /[ (]+/)
			name = word[1] == "#define" ? word[2] : ""
			for (i = 3; i <= nr && index(name, prefixes[i]) != 1; i++)
				;
			if (name == "" || i > nr)
				continue
		}
		goes_on = line ~ /\\$/ || (line ~ /\/\*/ && line !~ /\*\//) || (goes_on == 2 && line !~ /\*\//)
		if (line !~ /\\$/ && goes_on)
			goes_on = 2
		print literal(line)
		n++
	}
	close(file)
	print ".Ed"
	if (!n)
		fail(prefixes[3])
}

# The rows of README.md's table: a family, and calls between backquotes.
function calls(    line, cell, n) {
	print ".Bl -tag -width Ds"
	while ((getline line <"README.md") > 0) {
		if (line ~ /^\| family /)
			on = 1
		else if (on && line !~ /^\|/)
			break
		if (!on || line ~ /^\| family / || line ~ /^\|---/)
			continue
		split(substr(line, 3), cell, / *\| */)
		gsub(/`/, "", cell[2])
		gsub(/ +/, "\n", cell[2])
		gsub(/\n\.\.\./, "\n\\\\\\&...", cell[2])
		printf ".It %s\n%s\n", cell[1], cell[2]
		n++
	}
	close("README.md")
	print ".El"
	if (!n)
		fail("README.md's table of calls")
}

function example(    line, on, n) {
	print ".Bd -literal -offset indent"
	while ((getline line <"README.md") > 0) {
		if (line ~ /^```/) {
			if (on)
				break
			on = line == "```c"
			continue
		}
		if (on) {
			print literal(line)
			n++
		}
	}
	close("README.md")
	print ".Ed"
	if (!n)
		fail("README.md's program")
}

/^@part / { insert(tool " " substr($0, 7)); next }
/^@counters$/ { insert("awk -f tools/pages/counters.awk docs/COUNTERS.md"); next }
/^@calls$/ { calls(); next }
/^@example$/ { example(); next }
/^@type / { type($2, $3 " " $4); next }
/^@defines / { nr = split($0, prefixes, " "); defines($2, prefixes, nr); next }
/^@[a-z]/ { fail($0) }
{ gsub(/@VERSION@/, version); print }
