# SPDX-License-Identifier: BSD-2-Clause
# docs/COUNTERS.md as sections in mdoc(7): its headings, its tables as lists, its paragraphs.

# Text in lines, a new one for each sentence.
function text(s,    words, n, i, line, out) {
	gsub(/\\/, "\\e", s)
	gsub(/`/, "", s)
	gsub(/-/, "\\-", s)
	n = split(s, words, / +/)
	for (i = 1; i <= n; i++) {
		if (line != "" && length(line) + length(words[i]) > 76) {
			out = out line "\n"
			line = ""
		}
		if (line == "" && words[i] ~ /^\./)
			words[i] = "\\&" words[i]
		line = line (line == "" ? "" : " ") words[i]
		if (words[i] ~ /[^.]\.$/ && i < n) {
			out = out line "\n"
			line = ""
		}
	}
	return out line
}

function names(s,    parts, n, i, out) {
	n = split(s, parts, /, */)
	for (i = 1; i <= n; i++)
		out = out (i > 1 ? " , " : "") "Li " text(parts[i])
	return out
}

function end_list() {
	if (listed)
		print ".El"
	listed = 0
}

/^# / { headed = 1; next }
/^## / { end_list(); print ".Ss " text(substr($0, 4)); begun = 1; next }
# What stands in front of the first heading is about the document.
!begun || /^$/ { next }
/^\|---/ { next }
/^\|/ {
	split(substr($0, 3), cell, / *\| */)
	if (cell[3] == "what") {
		print ".Bl -tag -width Ds"
		listed = 1
		next
	}
	if (cell[1] == "")
		print ".It " names(cell[2]) " Pq by QMP alone"
	else
		print ".It " names(cell[1])
	print text(cell[3])
	if (cell[1] != "" && cell[2] != "")
		print "By QMP: " text(cell[2]) "."
	next
}
{ end_list(); print text($0) }
END { end_list() }
