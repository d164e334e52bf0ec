#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# After `stop` nothing of the guest goes on, whatever its vCPU was about; after `cont` all of it
# does.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Handle;
use IO::Socket::UNIX;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

my $slabvisor = $ENV{SLABVISOR} // 'build/slabvisor';
my $dir = tempdir(CLEANUP => 1);
my $path = "$dir/qmp";
my $json = JSON::PP->new->canonical;
my ($pid, $out, $qmp);
$SIG{ALRM} = sub { kill KILL => $pid if $pid; die "no answer in time\n" };
$SIG{PIPE} = 'IGNORE'; # a guest may end before it is asked

# The limit is for what hangs, and each guest's own.
sub start {
	alarm 600;
	$pid = open($out, '-|', $slabvisor, 'run', '--heap', '128M', '--qmp', "unix:$path", @_)
		// die "$slabvisor: $!";
	$qmp = undef;
	until ($qmp) {
		$qmp = IO::Socket::UNIX->new(Peer => $path);
		next if $qmp;
		die "it has ended\n" if ended();
		sleep 0.01;
	}
	$qmp->autoflush(1);
	readline($qmp);
	execute('qmp_capabilities');
	return;
}

# Nobody has waited for it yet.
sub ended {
	open my $f, '<', "/proc/$pid/stat" or return 1;
	return (readline($f) // ') Z') =~ /\) Z/;
}

sub execute {
	my ($name) = @_;
	my $m;
	print $qmp qq({"execute": "$name"}\n);
	do { $m = $json->decode(readline($qmp) // '{"error": "hung up"}') } while exists $m->{event};
	return $m->{return} // die "$name: " . $json->encode($m) . "\n";
}

# The state of each vCPU's thread, and the clock ticks that it has used.
sub vcpus {
	my @found;
	for my $stat (glob "/proc/$pid/task/*/stat") {
		open my $f, '<', $stat or next;
		my ($name, $rest) = readline($f) =~ /\((.*)\) (.*)/s;
		my @field = split / /, $rest;
		push @found, "$name $field[0] " . ($field[11] + $field[12]) if $name =~ /^vcpu/;
	}
	return join ', ', @found;
}

# Answers of the monitor's between two looks, so that a thread that goes on would be seen to.
sub still {
	my ($what) = @_;
	my ($memory, $vcpus) = $json->encode(execute('query-memory'));
	do { # those on their way to sleep
		execute('query-status');
		$vcpus = vcpus();
	} while $vcpus =~ /vcpu\d+ R/;
	execute('query-status') for 1 .. 3000;
	is($json->encode(execute('query-memory')), $memory, "$what: the memory's account stands still");
	is(vcpus(), $vcpus, "$what: ... and so do its vCPUs");
	return;
}

sub ends {
	my ($what) = @_;
	kill TERM => $pid;
	1 while sysread($out, my $rest, 65536);
	close $out;
	is($? >> 8, 143, "$what: SIGTERM ends it");
	return;
}

# A vCPU in a doorbell that is never served to the end; each time round the host refuses a free.
sub feeds {
	my $errors = execute('query-memory')->{errors};
	1 until execute('query-memory')->{errors} > $errors + 100;
	return;
}
start('build/guests/hostile', 'feed');
is(readline($out), "feeding\n", 'a queue that is filled as fast as it is served');
for my $round (1 .. 3) {
	feeds();
	pass("feed: the guest goes on ($round)");
	execute('stop');
	still('feed, paused');
	execute('cont');
}
feeds();
execute('stop');
ends('feed, paused');

start('build/guests/hostile', 'feed');
readline($out);
feeds();
ends('feed');

# A vCPU whose output nobody takes: it is written no further while the guest is paused.
sub available {
	my $n = 0;
	$out->blocking(0);
	while (my $got = sysread($out, my $text, 65536)) { $n += $got }
	return $n;
}
start('build/guests/hostile', 'shout');
sysread($out, my $first, 1);
my ($last, $seen) = ('', '');
do { # until the pipe is full
	sleep 0.02;
	($last, $seen) = ($seen, vcpus());
} until $seen eq $last && $seen =~ / S /;
execute('stop');
pass('shout: stop returns while the output is stuck');
cmp_ok(available(), '>', 0, 'shout: what was written is there');
still('shout, paused');
is(available(), 0, 'shout: nothing more comes of a paused guest');
execute('cont');
my $more = 0;
sleep 0.01 until $more += available();
pass('shout: it goes on');
$out->blocking(1);
ends('shout');

# A vCPU that sleeps for a time that ends while it is paused.
start('--guest-ring', 3, 'build/guests/negative', 'sleep');
readline($out);
execute('stop');
still('sleep, paused');
ends('sleep, paused');

# Guests with work to do, stopped and continued all the time: nothing of it is lost. One that is soon
# done with its work is started again, until it has been stopped often enough.
sub storm {
	my ($what, @args) = @_;
	my ($rounds, $runs, $bad) = (0, 0, 0);
	while ($rounds <= 20 && $runs < 100) {
		# It may be done before anybody can stop it.
		if (eval { start('--cpus', 2, @args); 1 }) {
			sysread($out, my $first, 1);
			while (eval { execute($_) for qw(stop cont); 1 }) {
				$rounds++;
			}
		}
		1 while sysread($out, my $rest, 65536);
		close $out;
		$bad++ if $?;
		$runs++;
	}
	is($bad, 0, "$what: it ends well after $rounds stops in $runs runs");
	cmp_ok($rounds, '>', 20, "$what: ... which are some");
	return;
}

# A guest that restarts without end: a stop that is said to have been one was of the guest, and not
# only of the machine that it leaves.
sub restarts {
	my $stops = 40;
	my @seen;
	open(my $stdin, '<&', \*STDIN) or die "dup: $!";
	open(STDIN, '-|', q(yes rrrrrrrr 2>/dev/null | tr -d '\n' 2>/dev/null)) or die "yes: $!";
	start('--memory', '64M', '--kernel', 'build/tests/asm/reset');
	open(STDIN, '<&', $stdin) or die "dup: $!";
	$out->blocking(0); # it says a little each time
	while (@seen < $stops) {
		1 while sysread($out, my $text, 65536);
		eval { execute('cont') };
		push @seen, execute('query-status')->{status} if eval { execute('stop'); 1 };
	}
	is(join(' ', grep { $_ ne 'paused' } @seen), '', 'restarts: it has stopped who is said to have');
	$out->blocking(1);
	ends('restarts, paused');
	return;
}
restarts();

my $disk = "$dir/disk";
open(my $image, '>', $disk) or die "$disk: $!";
truncate($image, 64 << 20) or die "$disk: $!";
storm('blkcheck', '--disk', "path=$disk,direct=off", 'build/guests/blkcheck', 'kinds');
storm('selftest', 'build/guests/selftest');

done_testing();
