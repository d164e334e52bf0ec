#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# used.pl RULES KIND[/REASON],... MAIN=TRACE...: which rules of the sandbox were used. RULES is what
# build/tests/sandbox/rules prints; a TRACE is what `strace -f -X raw -o` wrote of a monitor, or the
# kernel's raw_syscalls:sys_enter events, and its main thread is of kind MAIN. Prints a line for
# each rule of a KIND that no thread needed ("unused"), of those that are seldom used for this
# REASON, or of the others; and for each call that no rule allows ("forbidden").
use strict;
use warnings;
no warnings 'portable'; # numbers of 64 bits
use constant SECCOMP => 317;

my ($rules, $kinds, @traces) = @ARGV;
my (%rules, %names);
open my $in, '<', $rules or die "$rules: $!";
while (<$in>) {
	chomp;
	my ($kind, $call, $number, $conditions, $seldom) = split /\t/, $_, -1;
	$names{$number} = $call;
	my @conditions = map { [split /:/] } split / /, $conditions;
	push @{$rules{$kind}{$call}}, {conditions => \@conditions, seldom => $seldom, used => 0};
}

# The number that a text begins with; NULL and what is none is 0.
sub number {
	my ($text) = @_;
	return hex $1 if ($text // '') =~ /^0x([0-9a-f]+)/;
	return ($text // '') =~ /^(-?\d+)/ ? $1 : 0;
}

sub conditions { return join ' ', map { join ':', @$_ } @{$_[0]{conditions}} }

# The arguments of a call, of which texts and structures are nothing to a filter.
sub arguments {
	my ($text) = @_;
	$text =~ s/"(?:[^"\\]|\\.)*"/text/g;
	1 while $text =~ s/[{\[][^{}\[\]]*[}\]]/struct/g;
	my @args = split /, /, $text;
	pop @args if $text =~ /<unfinished/ && $args[-1] =~ /^\s*<|[{\[]/;
	return @args;
}

sub matches {
	my ($rule, @args) = @_;
	for my $c (@{$rule->{conditions}}) {
		my ($n, $mask, $value) = @$c;
		# Not told where another thread's call came between.
		next if $mask eq 'own' || $n > $#args;
		return 0 if (number($args[$n]) & number($mask)) != number($value);
	}
	return 1;
}

# The kind of a thread by its name, or undef: the main thread.
sub kind_of {
	my ($name) = @_;
	$name =~ s/^vcpu\d+$/vcpu/;
	return exists $rules{$name} ? $name : undef;
}

my %forbidden;
for (@traces) {
	my ($main, $trace) = /^(\w+)=(.*)/ or die "$_: MAIN=TRACE is needed";
	my (%kind, %within);
	open my $lines, '<', $trace or die "$trace: $!";
	while (<$lines>) {
		my ($tid, $call, $args);
		if (/^\s*(\S+)-(\d+) .* sys_enter: NR (\d+) \((.*)\)/) {
			my ($name, $number) = ($1, $3);
			($tid, $call, $args) = ($2, $names{$3} // $3, join ', ', map { "0x$_" } split /, /, $4);
			if ($number == SECCOMP) {
				# With a filter: others look at what the kernel has.
				$within{$tid} = kind_of($name) // $main if $args =~ /^0x1, \w+, 0x[1-9a-f]/;
				next;
			}
		} else {
			# What another thread interrupted is told when it begins.
			($tid, $call, $args) = /^(\d+)\s+(\w+)\((.*)/ or next;
			$kind{$tid} = kind_of($1) if $call eq 'prctl' && $args =~ /^0xf, "(\w+)"/;
			if ($call eq 'seccomp' && $args =~ /^0x1, \S+ \{len=/) {
				$within{$tid} = $kind{$tid} // $main;
				next;
			}
		}
		my $kind = $within{$tid} // next;
		my ($rule) = grep { matches($_, arguments($args)) } @{$rules{$kind}{$call} // []};
		if ($rule) {
			$rule->{used}++;
		} else {
			$forbidden{"$kind $call($args"}++;
		}
	}
}

# A Linux guest's main thread is looked at for what it has beyond another's.
my %common = map { $_ => 1 } map { my $call = $_; map { "$call @{[conditions($_)]}" }
	@{$rules{run}{$call}} } keys %{$rules{run}};
for (split /,/, $kinds) {
	my ($kind, $reason) = m{^(\w+)(?:/(.*))?$};
	for my $call (sort keys %{$rules{$kind}}) {
		for my $rule (@{$rules{$kind}{$call}}) {
			my $what = "$call @{[conditions($rule)]}";
			next if $rule->{used} || $rule->{seldom} ne ($reason // '');
			print "unused $kind $what\n" unless $kind eq 'linux' && $common{$what};
		}
	}
}
print "forbidden $_\n" for sort keys %forbidden;
