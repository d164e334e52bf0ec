#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Metrics of two guests and a service: what promtool and a Prometheus say of them, and that their values
# are those of the other commands.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/cli/lib.sh

pids=
# shellcheck disable=SC2016,SC2154 # expanded at the end
at_end 'for p in $pids; do kill -KILL "$p" && wait "$p"; done 2>/dev/null'
truncate -s 64M "$work/disk1" "$work/disk2" "$work/disk3"

start() { # WHAT...: starts it; pid is its process
	"$SLABVISOR" "$@" >>"$work/log" 2>&1 </dev/null &
	pid=$!
	pids+=" $pid"
}
sockets=()
for i in 1 2; do
	start run --qmp="unix:$work/q$i" --heap "$((64 * i))M" --reclaim-delay never --disk "path=$work/disk$i" build/guests/ticker
	sockets+=("$work/q$i")
done
start serve --qmp="unix:$work/q3" --blk-file "$work/disk3" --socket-path "$work/blk"
sockets+=("$work/q3")
for socket in "${sockets[@]}"; do
	until_true 60 listens "$socket"
	ok $? "$socket answers" "$(cat "$work/log")"
done
# What stands still has the same values whoever asks for them.
ticks() {
	"$SLABVISOR" ctl "$1" query-memory 2>/dev/null | grep -q '"objects-allocated": [1-9]'
}
for i in 1 2; do
	until_true 60 ticks "$work/q$i"
	"$SLABVISOR" ctl "$work/q$i" stop >"$out"
done

run metrics "${sockets[@]}"
is_status 0 'metrics of all three'
cp "$out" "$work/metrics"
is "$(tail -n 1 "$out")" '# EOF' 'the text ends as OpenMetrics does'
is "$(grep -c '^slabvisor_up{.*} 1$' "$out")" 3 '... and says that all three are up'
is "$(sed -n 's/^# TYPE \([^ ]*\).*/\1/p' "$out" | sort | uniq -d | head -3)" '' '... with each family once'
is "$(sed -n 's/^# TYPE \([^ ]*\).*/\1/p' "$out" | while read -r family; do
	grep -q "^# HELP $family [A-Za-z0-9]" "$out" || echo "$family"
done | head -3)" '' '... each of which has a help'
is "$(sed -n 's/^# UNIT \([^ ]*\) \(.*\)/\1 \2/p' "$out" | awk '$1 !~ ("_" $2 "$")')" '' \
	'... and ends in its unit'
is "$(grep -cE '^slabvisor_[a-z_]+(\{[^}]*\}) [0-9.e+-]+$' "$out")" "$(grep -vc '^#' "$out")" \
	'... and each sample has the form of one'
run metrics --format prometheus "${sockets[@]}"
promtool check metrics <"$out" >"$work/lint" 2>&1
ok $? 'promtool check metrics accepts the text' "$(head -5 "$work/lint")"

# same FILE: the values of a text, FILE's lines being NAME GUEST VALUE, are those of query-memory.
cat >"$work/same.py" <<'END'
import json, os, re, subprocess, sys
slabvisor, metrics, sockets = sys.argv[1], sys.argv[2], sys.argv[3:]
def ask(socket, command):
    return json.loads(subprocess.check_output([slabvisor, "ctl", socket, command]))
table = dict(re.findall(r'X\((\w+), \w+, \w+,\s*\\?\s*"(\w+)"', open("mm/mm.h").read()))
kinds = dict(re.findall(r'X\((\w+), \w+, (\w+),', open("mm/mm.h").read()))
names = {key: "slabvisor_" + table[key] + ("_total" if kinds[key] == "COUNTER" else "") for key in table}
names.update(ram="slabvisor_ram_bytes", heap="slabvisor_heap_bytes")
seen = {}
for line in open(metrics):
    m = re.match(r'(\w+)\{guest="([^"]*)"\} (\S+)$', line)
    if m:
        seen[m[1], m[2]] = float(m[3])
wrong = compared = 0
for socket in sockets:
    guest = "pid-%d" % ask(socket, "query-monitor")["pid"]
    for key, value in ask(socket, "query-memory").items():
        if isinstance(value, list):
            continue  # free runs by their order: no family has them
        name = names.get(key.replace("-", "_"))
        compared += name is not None
        if name is None or seen.get((name, guest)) != value:
            wrong += 1
            print("# %s: %s is %s, %s is %s" % (guest, key, value, name, seen.get((name, guest))), file=sys.stderr)
print(compared, wrong)
END
is "$(python3 "$work/same.py" "$SLABVISOR" "$work/metrics" "$work/q1" "$work/q2" 2>"$err" | awk '{ print ($1 > 20), $2 }')" \
	'1 0' 'the values are those of query-memory' || diag <"$err"

# Served by HTTP, to a Prometheus.
port=$((20000 + $$ % 20000))
start metrics --listen "127.0.0.1:$port" "${sockets[@]}"
http() {
	python3 -c 'import sys, urllib.request
r = urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers={"Accept": sys.argv[2]}))
print(r.status, r.headers["Content-Type"]); sys.stdout.write(r.read().decode())' "$@"
}
until_true 60 http "http://127.0.0.1:$port/metrics" '*/*' >"$out" 2>"$err"
is "$(head -n 1 "$out")" '200 application/openmetrics-text; version=1.0.0; charset=utf-8' 'it answers by HTTP' \
	|| diag <"$err"
http "http://127.0.0.1:$port/metrics" 'text/plain;version=0.0.4' >"$out" 2>"$err"
is "$(head -n 1 "$out")" '200 text/plain; version=0.0.4; charset=utf-8' '... in the other format to who asks for that'
sed 1d "$out" | promtool check metrics >"$work/lint" 2>&1
ok $? '... which promtool accepts' "$(head -5 "$work/lint")"
http "http://127.0.0.1:$port/other" '*/*' >"$out" 2>"$err"
is "$(grep -c 'HTTP Error 404' "$err")" 1 '... and nothing else is there'

web=$((port + 1))
cat >"$work/prometheus.yml" <<END
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: slabvisor
    honor_labels: true
    static_configs: [{ targets: ["127.0.0.1:$port"] }]
END
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
	--web.listen-address="127.0.0.1:$web" >"$work/prometheus.log" 2>&1 </dev/null &
pids+=" $!"
# value NAME: of each guest, as the Prometheus has it.
value() {
	python3 -c 'import json, sys, urllib.parse, urllib.request
q = urllib.parse.urlencode({"query": sys.argv[2]})
for r in json.load(urllib.request.urlopen(sys.argv[1] + "/api/v1/query?" + q))["data"]["result"]:
    m = r["metric"]
    labels = "" if sys.argv[2] != m["__name__"] or len(m) > 4 else m["guest"]
    if labels: print("%s{guest=\"%s\"} %s" % (m["__name__"], labels, r["value"][1]))' "http://127.0.0.1:$web" "$1"
}
scraped() {
	[ "$(value slabvisor_up 2>/dev/null | grep -c ' 1$')" -eq 3 ]
}
until_true 120 scraped
ok $? 'a Prometheus scrapes two guests and a service' "$(tail -3 "$work/prometheus.log")"
sed -n 's/^\(slabvisor_[a-z_]*\){guest="[^"]*"} .*/\1/p' "$work/metrics" | sort -u | while read -r name; do
	value "$name"
done >"$work/scraped" 2>"$err"
is "$(python3 "$work/same.py" "$SLABVISOR" "$work/scraped" "$work/q1" "$work/q2" 2>"$err" | awk '{ print ($1 > 20), $2 }')" \
	'1 0' '... and has the values of query-memory' || diag <"$err"

# One that ends.
"$SLABVISOR" ctl "$work/q2" quit >"$out"
gone() {
	[ "$(value slabvisor_up 2>/dev/null | grep -c ' 0$')" -eq 1 ]
}
until_true 120 gone
ok $? 'a guest that has ended is down'
run metrics "$work/q1" "$work/q2"
is_status 127 'one that is named and does not answer is an error'
is "$(grep -c '^slabvisor_up{.*} [01]$' "$out")" 2 '... and the others are printed'

for listen in x 127.0.0.1: :9 1.2.3 70000x; do
	error 125 "listen $listen: give a port, or an address and a port" metrics --listen "$listen"
done
error 127 "listen $port: nothing can listen there: Address already in use" metrics --listen "$port"

done_testing
