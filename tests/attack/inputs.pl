#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# The files and messages that the fuzzers start from, and mutations of them, for the program as it
# is shipped: configurations, programs, kernels, and what a control socket is told. Each is taken
# or refused, by a status that --help tells of and a line of text. (What the fuzzers have for
# rings and front ends is no bytes of a file or socket: rings.t and sessions.t make up their own.)
# INPUTS: mutations of each. ATTACK_SEED: where they come from.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::UNIX;
use JSON::PP;
use Test::More;

my $build = $ENV{B} // 'build';
my $slabvisor = $ENV{SLABVISOR} // "$build/slabvisor";
my $mutations = $ENV{INPUTS} // 6;
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->canonical;
my $loop;
our $said; # not closed, which waits for the guest, before the guest is ended

srand($ENV{ATTACK_SEED} // 1);
diag "seed $ENV{ATTACK_SEED}" if $ENV{ATTACK_SEED};
$SIG{PIPE} = 'IGNORE';
END { kill KILL => $loop if $loop }

sub slurp { local $/; open my $in, '<:raw', $_[0] or die "$_[0]: $!\n"; return <$in> // '' }

sub spew {
	my ($path, $bytes) = @_;
	open my $out, '>:raw', $path or die "$path: $!\n";
	print $out $bytes;
	close $out or die "$path: $!\n";
	return $path;
}

sub seeds {
	my $name = shift;
	mkdir "$dir/$name" or die "$dir/$name: $!\n";
	system('tests/fuzz/seeds.pl', $name, "$dir/$name") == 0 or die "no seeds of $name\n";
	return map { slurp($_) } sort glob "$dir/$name/*";
}

sub edge { my $bit = 1 << int rand 64; return (0, $bit - 1, $bit, -$bit, int rand 300)[rand 5] }

# One to four changes of a few bytes each.
sub mutate {
	my ($bytes, @others) = @_;
	for (0 .. rand 4) {
		my $at = int rand 1 + length $bytes;
		my $how = int rand 7;
		my $n = 1 + int rand 16;
		if ($how == 0) { substr $bytes, $at, $n, '' }
		elsif ($how == 1) { substr $bytes, $at, 0, substr $bytes, int rand 1 + length $bytes, $n }
		elsif ($how == 2) { substr $bytes, $at, 1, chr rand 256 }
		elsif ($how == 3) { substr $bytes, $at, 0, chr(rand 256) x $n }
		elsif ($how == 4) { substr $bytes, $at, 8, pack 'Q<', edge() & ~0 }
		elsif ($how == 5) { substr $bytes, $at, 4, pack 'L<', edge() & 0xffffffff }
		else { my $other = $others[rand @others] // ''; substr $bytes, $at, $n, substr $other, $at % (1 + length $other), $n * 4 }
	}
	return $bytes;
}

# Runs the program. What is wrong about how it ended, or undef; the status is counted.
my %count;
sub run {
	my ($right, @args) = @_;
	my $pid = fork // die "fork: $!\n";
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', "$dir/err";
		exec 'timeout', '-s', 'KILL', 60, $slabvisor, @args or exit 99;
	}
	waitpid $pid, 0;
	my ($signal, $status) = ($? & 127, $? >> 8);
	my $said = slurp("$dir/err");
	$count{$args[0] . ' ' . ($signal ? "signal $signal" : $status)}++;
	return "signal $signal" if $signal;
	return "status $status" unless $right->{$status};
	return 'nothing said' if $status > 119 && $said !~ /^slabvisor: /m;
	return 'it prints what is not text' if $said =~ /[^\t\n\x20-\x7e\x80-\xff]/;
	return undef;
}

sub every {
	my ($what, $right, $run, @seeds) = @_;
	my @inputs = @seeds;
	for my $seed (@seeds) {
		push @inputs, map { mutate($seed, @seeds) } 1 .. $mutations;
	}
	my $path = "$dir/input";
	my $bad = 0;
	for my $input (@inputs) {
		spew($path, $input);
		my $wrong = run($right, map { $_ eq 'FILE' ? $path : $_ } @$run) // next;
		$bad++;
		my $kept = spew("$build/tests/attack/input-$$-$bad", $input);
		diag "$what: $wrong: $kept\n", slurp("$dir/err");
	}
	is $bad, 0, "$what: " . @inputs . ' inputs are taken or refused';
}

my %checked = map { $_ => 1 } 0, 122 .. 127;
my %program = map { $_ => 1 } 0 .. 127, 142;
my %served = map { $_ => 1 } 124 .. 127;
my @configs = seeds('config');
my @programs = (seeds('elf'), map { slurp("$build/tests/asm/$_") } qw(hello bug start));
my @kernels = (seeds('linux'), map { slurp("$build/tests/asm/$_") } qw(pvh32 pvh64));

every('a configuration of a guest', \%checked, ['run', '--config', 'FILE', '--dry-run'], @configs);
# Its files are not there: it serves nothing.
every('a configuration of disks', \%served, ['serve', '--config', 'FILE'], @configs);
every('a program, looked at', \%checked, ['run', '--dry-run', 'FILE'], @programs);
every('a program, run', \%program,
	['run', '--timeout', 2, '--memory', '16M', '--heap', '4M', 'FILE'], @programs);
every('a kernel', \%checked,
	['run', '--dry-run', '--memory', '64M', '--append', 'console=ttyS0', '--kernel', 'FILE'], @kernels);
every('a module', \%program, ['run', '--module', 'FILE', "$build/tests/asm/modules"], @configs, @programs);

# The control socket. A client's bytes are answered or not; the next client is served.
my $path = "$dir/socket";
sub start {
	$loop = open(my $said, '-|', $slabvisor, 'run', '--cpus', 2, '--qmp', "unix:$path",
		"$build/tests/asm/loop") // die "$slabvisor: $!\n";
	(<$said> // '') eq "looping\n" or die "the guest does not loop\n";
	return $said;
}

sub client {
	my $c = IO::Socket::UNIX->new(Peer => $path) or return undef;
	$c->autoflush(1);
	return $c;
}

# Sends, and reads for as long as there is something at once.
sub say_to {
	my ($c, $bytes) = @_;
	my $ready = IO::Select->new($c);
	while (length $bytes) {
		my $part = substr $bytes, 0, 1 + int rand 400, '';
		syswrite $c, $part or return;
		while ($ready->can_read(0)) { sysread $c, my $got, 65536 or return }
	}
}

sub honest {
	my $c = client() or return 'it is gone';
	local $SIG{ALRM} = sub { die "no answer in a minute\n" };
	alarm 60;
	my $last = '';
	eval {
		<$c>;
		for my $name (qw(qmp_capabilities query-status)) {
			print $c $json->encode({execute => $name}) . "\n";
			do { $last = <$c> // '' } while $last =~ /"event"/;
		}
	};
	alarm 0;
	return $@ || ($last =~ /"return".*"status"/ ? undef : "query-status: $last");
}

$said = start();
my $c = client();
<$c>;
print $c $json->encode({execute => 'qmp_capabilities'}) . "\n" . $json->encode({execute => 'query-commands'}) . "\n";
<$c>;
my $commands = $json->decode(scalar <$c>)->{return};
close $c;
# All but those that end the guest, with arguments that are none of theirs.
my @names = grep { !/quit|powerdown|reset/ } map { $_->{name} } @$commands;
cmp_ok scalar @names, '>', 8, 'the socket has commands';
my @sessions = seeds('qmp');
for my $name (@names) {
	my $hello = "{\"execute\": \"qmp_capabilities\"}\n";
	push @sessions, $hello . join "\n", map { $json->encode({execute => $name, arguments => $_, id => $_}) }
		{}, {device => 'disk0', size => -1}, {device => [], size => 1e300}, {value => 2**62},
		{device => "\0\x{1b}" x 9}, {map { $_ => {} } 1 .. 50};
}
my ($told, $wrong) = (0, undef);
for my $session (@sessions) {
	for my $bytes ($session, map { mutate($session, @sessions) } 1 .. $mutations) {
		# A mutation may be the word that ends it.
		next if $bytes =~ /quit|powerdown|reset/;
		$c = client() or last;
		say_to($c, $bytes);
		close $c;
		$told++;
		next if $told % 20;
		$wrong = honest() and last;
	}
	last if $wrong;
}
$wrong //= honest();
is $wrong, undef, "the control socket is served after $told sessions";
cmp_ok $told, '>', @sessions * $mutations / 2, 'all of them were told';
kill TERM => $loop;
close $said;
is $? >> 8, 143, 'the guest ends as it is told to';
$loop = undef;
note "$_: $count{$_}" for sort keys %count;
done_testing;
