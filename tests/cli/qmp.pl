#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The control socket, byte by byte: greeting, negotiation, commands, events, errors, and clients
# that do not behave.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use JSON::PP;
use Test::More;

my $slabvisor = $ENV{SLABVISOR} // 'build/slabvisor';
my $dir = tempdir(CLEANUP => 1);
my $path = "$dir/qmp";
my $json = JSON::PP->new->canonical;
my $pid;
$SIG{ALRM} = sub { kill KILL => $pid if $pid; die "no answer in time\n" };

# A guest that loops until it is ended; returns when it runs.
sub start {
	my $said;
	alarm 600; # for what hangs
	$pid = open($said, '-|', $slabvisor, 'run', '--cpus', 2, '--qmp', "unix:$path",
		@_, 'build/tests/asm/loop') // die "$slabvisor: $!";
	<$said> eq "looping\n" or die "the guest does not loop";
	return $said;
}

sub client {
	my $c = IO::Socket::UNIX->new(Peer => $path) // die "$path: $!";
	$c->autoflush(1);
	return $c;
}

sub line { my $line = readline($_[0]) // return undef; $line =~ s/\r\n$//; return $line }
sub message { return $json->decode(line($_[0]) // '{"hung": "up"}') }

# What a text is answered with, past events.
sub say_raw {
	my ($c, $text) = @_;
	print $c $text;
	my $m;
	do { $m = message($c) } while exists $m->{event};
	return $m;
}

sub execute {
	my ($c, $name, $args) = @_;
	return say_raw($c, $json->encode({execute => $name, $args ? (arguments => $args) : ()}) . "\n");
}

sub negotiated {
	my $c = client();
	message($c);
	is_deeply(execute($c, 'qmp_capabilities'), {return => {}}, 'negotiated');
	return $c;
}

sub class { return $_[0]{error}{class} // 'none' }

my $guest = start();
is(sprintf('%o', (stat $path)[2] & 07777), '600', 'the socket is for its owner');
my $c = client();
my $greeting = message($c);
like($greeting->{QMP}{version}{package}, qr/^slabvisor \d/, 'a greeting');
is_deeply($greeting->{QMP}{capabilities}, [], '... without capabilities');
is(class(execute($c, 'query-status')), 'CommandNotFound', 'first negotiate');
is(class(execute($c, 'qmp_capabilities', {enable => ['oob']})), 'GenericError',
	'a capability that is none');
is_deeply(execute($c, 'qmp_capabilities', {enable => []}), {return => {}}, 'negotiated');
is(class(execute($c, 'qmp_capabilities')), 'CommandNotFound', '... once');

is_deeply(execute($c, 'query-version'), {return => $greeting->{QMP}{version}}, 'query-version');
my @commands = map { $_->{name} } @{execute($c, 'query-commands')->{return}};
for my $name (qw(qmp_capabilities query-commands query-status query-version query-block quit
	block_resize stop cont system_powerdown)) {
	ok((grep { $_ eq $name } @commands), "query-commands names $name");
}
for my $name (grep { /^query-/ && $_ ne 'query-balloon' } @commands) {
	ok(exists execute($c, $name)->{return}, "$name is answered");
}
for my $call (['query-balloon'], ['balloon', {value => 16 << 20}]) {
	is_deeply(execute($c, @$call),
		{error => {class => 'DeviceNotActive', desc => 'No balloon device has been activated'}},
		"$call->[0]: a program has no balloon");
}
is_deeply(execute($c, 'query-block'), {return => []}, 'no disks');
my ($k64) = grep { $_->{name} eq 'kmalloc-64' } @{execute($c, 'query-slabinfo')->{return}};
is($k64->{objsize}, 64, 'query-slabinfo knows kmalloc-64');
is(execute($c, 'query-memory')->{return}{heap}, 1 << 30, 'query-memory knows the heap');
is_deeply(say_raw($c, '{"execute": "query-kvm", "id": [1, {"a": null}]}'),
	{return => {enabled => JSON::PP::true, present => JSON::PP::true}, id => [1, {a => undef}]},
	'the id comes back');

# What is wrong, and that the connection goes on after each.
for (
	['{"execute": "fly"}', 'CommandNotFound', qr/^The command fly has not been found$/],
	['{"execute": 1}', 'GenericError', qr/'execute' must be a string/],
	['{"exec": "quit"}', 'GenericError', qr/'exec' is unexpected/],
	['{}', 'GenericError', qr/lacks member 'execute'/],
	['[]', 'GenericError', qr/must be a JSON object/],
	['"quit"', 'GenericError', qr/must be a JSON object/],
	['{"execute": "quit", "arguments": []}', 'GenericError', qr/must be an object/],
	['{"execute": "quit", "arguments": {"now": true}}', 'GenericError', qr/'now' is unexpected/],
	['{"execute": "block_resize", "arguments": {"device": 1, "size": 1}}', 'GenericError',
		qr/type for 'device', expected: string/],
	['{"execute": "block_resize", "arguments": {"device": "x", "size": 1.5}}', 'GenericError',
		qr/type for 'size', expected: integer/],
	['{"execute": "balloon"}', 'GenericError', qr/'value' is missing/],
	['{"execute": "balloon", "arguments": {"value": "1G"}}', 'GenericError',
		qr/type for 'value', expected: integer/],
	['{"execute": "block_resize", "arguments": {"size": 512}}', 'GenericError', qr/either 'device'/],
	['{"execute": "block_resize", "arguments": {"device": "x", "size": 99999999999999999999}}',
		'GenericError', qr/^JSON parse error/],
	['{"execute": "quit", "execute": "stop"}', 'GenericError', qr/^JSON parse error/],
	['}', 'GenericError', qr/^JSON parse error/],
	['{"execute" "quit"}', 'GenericError', qr/^JSON parse error/],
	["{\"execute\": \"qu\nit\"}", 'GenericError', qr/^JSON parse error/],
	["\xff\xfe\0\n", 'GenericError', qr/^JSON parse error/],
	['{"execute": "' . "\xc3" . '"}', 'GenericError', qr/^JSON parse error/],
	['{"execute": "\u0000"}', 'GenericError', qr/^JSON parse error/],
) {
	my ($text, $class, $desc) = @$_;
	my $m = say_raw($c, "$text\n");
	(my $shown = $text) =~ s/[^ -~]/?/g;
	is(class($m), $class, "$shown: $class");
	like($m->{error}{desc} // '', $desc, '... and why');
	# A broken one may have left a rest, which is one more error.
	print $c "\n" . '{"execute": "query-status", "id": 7}';
	do { $m = message($c) } until exists $m->{id} && $m->{id} == 7;
}
is(execute($c, 'query-status')->{return}{status}, 'running', 'and the guest runs');

# Values may span lines and share them; nothing of a pipeline is lost.
is_deeply(say_raw($c, "{\n\"execute\"\n:\t\"query-kvm\",\r\n \"id\":\n1}"),
	{return => {enabled => JSON::PP::true, present => JSON::PP::true}, id => 1}, 'over lines');
print $c join '', map { qq({"execute":"query-kvm","id":$_}) } 1 .. 3000;
is_deeply([map { message($c)->{id} } 1 .. 3000], [1 .. 3000], '3000 in a row, in their order');

# stop and cont, with their events before the answers.
print $c '{"execute": "stop"}{"execute": "stop"}{"execute": "query-status"}';
is(message($c)->{event}, 'STOP', 'stop: the event');
is_deeply([map { message($c) } 1 .. 2], [{return => {}}, {return => {}}], '... once, and answers');
is_deeply(message($c)->{return},
	{running => JSON::PP::false, singlestep => JSON::PP::false, status => 'paused'}, '... paused');

# CPU time of the vCPUs, in ticks, and how many of them run; and what they use while 3000 commands are
# answered.
sub ticks {
	my ($sum, $running) = (0, 0);
	for my $stat (glob "/proc/$pid/task/*/stat") {
		open my $f, '<', $stat or next;
		my ($name, $rest) = readline($f) =~ /\((.*)\) (.*)/s;
		next unless $name =~ /^vcpu/;
		$sum += (split / /, $rest)[11] + (split / /, $rest)[12];
		$running++ if $rest =~ /^R/;
	}
	return ($sum, $running);
}
my ($before, $running);
do { # those on their way to sleep
	execute($c, 'query-status');
	($before, $running) = ticks();
} while $running;
execute($c, 'query-status') for 1 .. 3000;
my ($after) = ticks();
cmp_ok($after - $before, '<=', 1, '... and its vCPUs use no CPU');
print $c '{"execute": "cont"}';
is(message($c)->{event}, 'RESUME', 'cont: the event');
is_deeply(message($c), {return => {}}, '... and the answer');
is(execute($c, 'query-status')->{return}{status}, 'running', '... running');
is(class(execute($c, 'system_powerdown')), 'GenericError', 'a program has no power button');

# Several at once, each with its own negotiation; who comes beyond waits for one to leave.
my $second = client();
ok(exists message($second)->{QMP}, 'a second client is greeted while the first is there');
is(class(execute($second, 'query-status')), 'CommandNotFound', '... and has yet to negotiate');
my @crowd = map { client() } 3 .. 64;
ok(exists message($_)->{QMP}, 'so is another') for @crowd[0, -1];
my $beyond = client();
my $bits = '';
vec($bits, fileno($beyond), 1) = 1;
execute($c, 'query-status') for 1 .. 3;
is(select(my $r = $bits, undef, undef, 0), 0, 'the 65th client waits');
is(execute($crowd[-1], 'qmp_capabilities')->{return} && 1, 1, '... while the 64th is answered');
close $c;
ok(exists message($beyond)->{QMP}, '... for one to leave');
close $_ for @crowd, $beyond;

# An event goes to whoever has negotiated.
my @hear = map { negotiated() } 1 .. 2;
execute($hear[0], 'stop');
is(message($hear[1])->{event}, 'STOP', 'an event reaches a client that did not cause it');
execute($hear[0], 'cont');
is(message($hear[1])->{event}, 'RESUME', '... and so does the next');
close $_ for @hear;

# Each command says what it is for, and what it takes.
$c = negotiated();
my %described = map { $_->{name} => $_ } @{execute($c, 'query-commands')->{return}};
is_deeply([grep { !length $described{$_}{help} } sort keys %described], [], 'each command has a help');
is_deeply([map { [$_->{name}, $_->{type}, $_->{optional} ? 1 : 0] } @{$described{block_resize}{arguments}}],
	[['device', 'string', 1], ['node-name', 'string', 1], ['size', 'integer', 0]],
	'... and arguments with their types');
is_deeply([map { my $n = $_; grep { !length $_->{help} } @{$described{$n}{arguments}} } sort keys %described],
	[], '... each of which has a help');
close $c;

# Clients that do not behave.
print $second '[' x 100;
like(line($second), qr/too long or too deep/, 'too deep: an error');
is(line($second), undef, '... and the end');
$c = negotiated();
print $c '{"execute": "' . 'x' x 70000;
like(line($c), qr/too long or too deep/, 'too long: an error');
close $c;
$c = client(); # half a message
print $c '{"execute": "qu';
close $c;
$c = negotiated();
my $long = '{"execute": "query-commands"}';
$c->blocking(0);
my $sent = 0;
while (1) { # one that never reads: in the end it cannot write either
	my $n = syswrite($c, $long x 100) // last;
	$sent += $n;
}
cmp_ok($sent, '<', 4 << 20, "a client that does not read is not read either ($sent bytes)");
kill TERM => $pid;
close $guest;
is($? >> 8, 143, '... and does not hold up the end');
ok(-S $path, 'the socket stays, since nothing may be removed');

# The end, as clients hear of it.
for my $how (['quit', 'host-qmp-quit'], ['TERM', 'host-signal']) {
	$guest = start();
	$c = negotiated();
	if ($how->[0] eq 'quit') {
		is_deeply(execute($c, 'quit'), {return => {}}, 'quit');
	} else {
		kill TERM => $pid;
	}
	my $m = message($c);
	is($m->{event}, 'SHUTDOWN', "$how->[0]: an event");
	is_deeply($m->{data}, {guest => JSON::PP::false, reason => $how->[1]}, "... $how->[1]");
	like($m->{timestamp}{seconds}, qr/^\d{10}$/, '... with a time');
	is(line($c), undef, '... then nothing more');
	close $guest;
	is($? >> 8, 143, '... status 143');
}

# Stopped, and ended so.
$guest = start();
$c = negotiated();
execute($c, 'stop');
execute($c, 'quit');
close $guest;
is($? >> 8, 143, 'a guest that is stopped can be ended');

# A kernel has a balloon. This one has no driver for it.
sub start_kernel {
	my $said;
	alarm 600;
	$pid = open($said, '-|', $slabvisor, 'run', '--qmp', "unix:$path", '--memory', '64M', @_,
		'--kernel', 'build/tests/asm/pvh64', '--append', 'E') // die "$slabvisor: $!";
	until (<$said> =~ /^echo/) {}
	return $said;
}
$guest = start_kernel();
$c = negotiated();
is_deeply(execute($c, 'query-balloon'), {return => {actual => 64 << 20}}, 'query-balloon: all RAM');
for my $value (32 << 20, 1, 64 << 20, 1 << 62) {
	is_deeply(execute($c, 'balloon', {value => $value}), {return => {}}, "balloon: $value");
}
is_deeply(execute($c, 'balloon', {value => $_}), {error => {class => 'GenericError',
	desc => "Parameter 'value' expects a size"}}, "balloon: $_ is no size") for 0, -4096;
is(execute($c, 'query-balloon')->{return}{actual}, 64 << 20, '... and nobody has grown it');
execute($c, 'quit');
close $guest;
$guest = start_kernel('--prefault');
$c = negotiated();
like(execute($c, 'balloon', {value => 32 << 20})->{error}{desc}, qr/--prefault.* stays the guest's/,
	'balloon: RAM that stays is not asked for');
is_deeply(execute($c, 'query-balloon'), {return => {actual => 64 << 20}}, '... and is all there');
execute($c, 'quit');
close $guest;

# A socket that a killed monitor left is no obstacle; one in use, or a file, is.
$guest = start();
kill KILL => $pid;
close $guest;
ok(-S $path, 'a killed monitor leaves its socket');
$guest = start();
is(system("$slabvisor run --qmp unix:$path build/tests/asm/hello 2>$dir/err") >> 8, 127,
	'a second monitor is refused');
is(system("grep -q 'something else is there' $dir/err"), 0, '... with the reason');
is(system("$slabvisor ctl $path query-status >$dir/out") >> 8, 0, 'ctl: query-status');
is($json->decode(scalar `cat $dir/out`)->{status}, 'running', '... prints it');
is(system("$slabvisor ctl $path fly 2>$dir/err") >> 8, 1, 'ctl: an error of the command is 1');
is(scalar `cat $dir/err`, "slabvisor: fly: no such command: see slabvisor ctl $path help\n", '... in one line');
is(system("$slabvisor ctl $path query-status '[]' 2>$dir/err") >> 8, 125, 'ctl: wrong arguments');
is(system("$slabvisor ctl $path </dev/null 2>$dir/err") >> 8, 0, 'ctl: no command, and none to read');
is(system("$slabvisor ctl unix:$path query-status >$dir/out") >> 8, 0,
	'ctl: the socket as the option names it');
is(system("$slabvisor ctl $path quit >$dir/out") >> 8, 0, 'ctl: quit');
close $guest;
is($? >> 8, 143, '... ends it');
is(system("$slabvisor ctl $path quit 2>$dir/err") >> 8, 127, 'ctl: nobody there');

# quits NAME, MONITOR...: that a guest of this command takes `quit` as soon as it is seen to run.
sub quits {
	my ($name, @monitor) = @_;
	$pid = open(my $said, '-|', @monitor, '--timeout', 60, 'build/tests/asm/loop') // die "$monitor[0]: $!";
	<$said> eq "looping\n" or die "the guest does not loop";
	is(system("$slabvisor ctl $path quit >$dir/out") >> 8, 0, $name);
	close $said;
}

# As QEMU writes it: the same socket, and nothing of that is its name.
for my $tail (',server=on,wait=off', ',server,nowait') {
	quits("unix:PATH$tail: the socket is PATH", $slabvisor, 'run', '--qmp', "unix:$path$tail");
}

SKIP: {
	skip 'this host lets nobody trace', 1 if system("strace -o /dev/null true 2>/dev/null");
	quits('a guest that runs takes commands, however long the main thread takes to let it go',
		'strace', '-o', '/dev/null', '-e', 'inject=futex:delay_exit=500000',
		$slabvisor, 'run', '--qmp', "unix:$path");
}

done_testing();
