#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
# used.pl RULES KIND,... MAIN=TRACE...: which rules of the sandbox were used. RULES is what
# build/tests/sandbox/rules prints; a TRACE is what `strace -f -X raw -o` wrote of a service or a
# monitor, and its main thread is of kind MAIN. Prints a line for each rule of a KIND that no thread needed ("unused"),
# but for those that are seldom used; and for each call that no rule allows ("forbidden").
use strict;
use warnings;
no warnings 'portable'; # numbers of 64 bits

my ($rules, $kinds, @traces) = @ARGV;
my %rules;
open my $in, '<', $rules or die "$rules: $!";
while (<$in>) {
	chomp;
	my ($kind, $call, $conditions, $seldom) = split /\t/, $_, -1;
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
	# Those of clone() are told by name: what is asked of comes first.
	return $1 if $text =~ /^child_stack=.*?flags=(\w+)/;
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

my %forbidden;

# A call that a thread of a kind made.
sub count {
	my ($kind, $call, $args) = @_;
	my ($rule) = grep { matches($_, arguments($args)) } @{$rules{$kind}{$call} // []};
	if ($rule) {
		$rule->{used}++;
	} else {
		$forbidden{"$kind $call($args"}++;
	}
}

for (@traces) {
	my ($main, $trace) = /^(\w+)=(.*)/ or die "$_: MAIN=TRACE is needed";
	my (%kind, %within, %seen, $closed);
	open my $lines, '<', $trace or die "$trace: $!";
	while (<$lines>) {
		# What another thread interrupted is told when it begins.
		my ($tid, $call, $args) = /^(\d+)\s+(\w+)\((.*)/ or next;
		# A thread has the name of its kind; the main thread has another. That of an I/O
		# thread is one for two kinds.
		if ($call eq 'prctl' && $args =~ /^0xf, "([a-z]+)\d*"/) {
			my $name = $1 eq 'io' && $main ne 'serve' ? 'disks' : $1;
			$kind{$tid} = $name if $rules{$name};
		}
		# Who is made by a main thread that is within begins with what that may.
		$within{$tid} = $main if $closed && !$seen{$tid};
		$seen{$tid} = 1;
		if ($call eq 'seccomp' && $args =~ /^0x1, \S+ \{len=/) {
			count($within{$tid}, $call, $args) if $within{$tid};
			$within{$tid} = $kind{$tid} // $main;
			$closed = 1 if !$kind{$tid};
			next;
		}
		count($within{$tid}, $call, $args) if $within{$tid};
	}
}

for my $kind (split /,/, $kinds) {
	for my $call (sort keys %{$rules{$kind}}) {
		for my $rule (@{$rules{$kind}{$call}}) {
			next if $rule->{used} || $rule->{seldom} ne '';
			print "unused $kind $call @{[conditions($rule)]}\n";
		}
	}
}
print "forbidden $_\n" for sort keys %forbidden;
