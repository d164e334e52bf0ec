#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `slabvisor ctl`: what a user can get wrong, and what may answer at a socket.
. tests/cli/lib.sh

# A command for a control socket.
error 125 'slabvisor ctl GUEST .COMMAND .ARGUMENTS..: see slabvisor ctl --help' ctl
error 127 'no-such: no guest and no service has this name' ctl no-such
error 125 "unknown option '--wings': see slabvisor ctl --help" ctl --wings x
error 125 'GUEST: give a name, as slabvisor list shows them, or the path of a control socket' ctl '' x
error 125 'GUEST unix:: give a name, .* the path of a control socket' ctl unix: x
error 125 'COMMAND: give a command, as in query-status' ctl x ''
error 125 'z: arguments are KEY=VALUE, or one JSON object and no more' ctl x y '{}' z
error 125 'disk0: arguments are KEY=VALUE' ctl x block_resize disk0 10G
error 125 "its strings stand in .double quotes.; or write KEY=VALUE" ctl x y "{'size': 3}"
error 125 'a command is given by its name' ctl x '{"execute": "query-status"}'
for json in '{' '[]' 3 '' '{"a": 1, "a": 2}' '{} x'; do
	error 125 'arguments are a JSON object' ctl x y "$json"
done
error 127 "$work/none: no monitor answers there: No such file" ctl "unix:$work/none" y '{}'
error 127 'none-such: no guest and no service has this name' ctl none-such y

# What answers there may be anything. answers TEXT: a monitor that says this to the first who comes.
answers() {
	rm -f "$work/peer"
	perl -MIO::Socket::UNIX -e '
		my $path = shift;
		my $s = IO::Socket::UNIX->new(Local => "$path.new", Listen => 1) or die;
		rename "$path.new", $path or die; # what is there listens
		my $c = $s->accept or die;
		print $c shift;
		$c->flush;
		1 while <$c>;' "$work/peer" "$1" &
	until_true 60 test -S "$work/peer"
}
greeted='{"QMP": {}}
{"return": {}}
'
answers "$greeted"'{"error": {"desc": "no\u001b[31m"}}
'
error 1 'x: no\?\[31m$' ctl "$work/peer" x
answers "$greeted"'{"error": {}}
'
error 1 'x: refused, and nothing says why' ctl "$work/peer" x
answers 'SSH-2.0
'
error 127 "$work/peer: what answers there does not speak QMP" ctl "$work/peer" x
# What an end that hung up left.
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => shift, Listen => 1) or die' "$work/left"
error 127 'no monitor answers there: Connection refused: the one that made the socket has ended' ctl "$work/left" x
error 125 "the guest stands before the command: slabvisor ctl $work/left query-status" ctl query-status "$work/left"
wait

run help ctl
cp "$out" "$work/said"
run ctl --help
is "$(cat "$work/said")" "$(cat "$out")" 'help COMMAND is COMMAND --help'
error 125 'clt: no such command: did you mean ctl' help clt

done_testing
