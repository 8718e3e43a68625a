#!/bin/bash
# What malformed input costs, and that nothing of it is lost.
#
# The same good lines alone and with 30 % malformed lines among them go through file source, router by key, aggregate
# and null sink: user and system time of the whole process a good line, in turn, each round and as medians. Then the
# malformed lines are mended with `millrace deadletter`, replayed, and what came out in the end is held against what a
# file without any mistake gives. Run by hand:
#   malformed.sh path/to/millrace [good lines] [rounds]
# Ends with 1 when a dead letter is missing or the output differs, and with 3 when a good line costs more than 1.2 times
# what it costs alone.
set -euo pipefail

millrace=$1
good=${2:-1000000}
rounds=${3:-7}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Of ten lines three are malformed, each in one of three ways: no number where one should be, one column too few, a time
# that is none. whole.csv is mixed.csv without the mistakes.
awk -v good="$good" 'BEGIN {
  split("clean mixed whole", names, " ")
  for (i = 1; i <= 3; i++) print "account,amount,note,at" > (names[i] ".csv")
  for (i = 0; i < good; i++) {
    line = sprintf("a-%d,%d.%02d,payment number %d,%d", (i * 7919) % 10000, i % 1000, i % 100, i, 1700000000000000000 + i * 1000000)
    print line > "clean.csv"; print line > "mixed.csv"; print line > "whole.csv"
    if (i * 3 % 7 >= 3) continue
    head = sprintf("a-%d,%d", i % 10000, i % 1000); note = sprintf("mended number %d", i); at = "1700000000000000000"
    print head "," note "," at > "whole.csv"
    kind = i % 3
    print (kind == 0 ? head "x," note "," at : kind == 1 ? head "," note : head "," note ",yesterday") > "mixed.csv"
  }
}'
bad=$(($(wc -l < mixed.csv) - 1 - good))
echo "$good good lines, and $bad malformed ones beside them ($((bad * 100 / (good + bad))) %)"

source_of() {
  echo "{\"name\": \"lines\", \"type\": \"millrace.file_source\", \"params\": {\"path\": \"$1.csv\", \"fields\": \"account:string,amount:float64,note:string,at:event_time\"}}"
}
for kind in clean mixed; do
  cat > $kind.mill <<MILL
{"millrace": 1, "name": "$kind", "actors": [
  $(source_of $kind),
  {"name": "spread", "type": "millrace.by_key"},
  {"name": "sum", "type": "millrace.aggregate", "parallelism": 2, "params": {"key": "account", "value": "amount", "functions": "count,sum"}},
  {"name": "sink", "type": "millrace.null_sink", "parallelism": 2}],
 "streams": ["lines.out -> spread.in", "spread.out -> sum.in", "sum.out -> sink.in"]}
MILL
done

TIMEFORMAT='%R %U %S'
for ((round = 0; round < rounds; round++)); do
  for kind in clean mixed; do
    rm -rf $kind.data
    figures=$({ time "$millrace" run $kind.mill --json > out 2> err; } 2>&1) || { cat err; exit 1; }
    echo "$figures" | awk -v kind=$kind -v n="$good" \
      '{printf "%s %.0f good lines/s, %.0f ns of processor time a good line\n", kind, n / $1, ($2 + $3) * 1e9 / n}' |
      tee -a figures
  done
done
median() {
  grep "^$1 " figures | tr -s ' ' | cut -d' ' -f"$2" | sort -n | sed -n "$((rounds / 2 + 1))p"
}
for kind in clean mixed; do echo "$kind, medians: $(median $kind 2) good lines/s, $(median $kind 5) ns a good line"; done
ratio=$(awk -v m="$(median mixed 5)" -v c="$(median clean 5)" 'BEGIN {printf "%.3f", m / c}')
echo "mixed / clean: $ratio"

letters() {
  "$millrace" deadletter list "$1" --json --limit 1 | python3 -c "import json, sys; print(json.load(sys.stdin)$2)"
}
kept=$(letters mixed.data '["count"]')
echo "dead letters kept: $kept of $bad"
[ "$kept" = "$bad" ]

# Mend and replay.
for kind in whole mixed; do
  cat > copy_$kind.mill <<MILL
{"millrace": 1, "name": "copy_$kind", "actors": [
  $(source_of $kind),
  {"name": "file", "type": "millrace.file_sink", "params": {"path": "out_$kind"}}],
 "streams": ["lines.out -> file.in"]}
MILL
  "$millrace" run copy_$kind.mill --json > out 2> err || { cat err; exit 1; }
done
content_of() { cat out_"$1"/*.csv | grep -v '^account,' | sort; }
data=copy_mixed.data
echo "before: $(content_of mixed | wc -l) lines of $(content_of whole | wc -l)"
time_of() {
  local figures
  figures=$({ time "$@" > out 2> err; } 2>&1) || { cat err out; exit 1; }
  echo "$(tail -n 1 out | cut -c-60): $figures s (real, user, system)"
}
time_of "$millrace" deadletter fix $data --reason "field 'amount'" --match '^([^,]*,[0-9]+)x' --with '$1'
time_of "$millrace" deadletter fix $data --reason 'expected 4 columns, found 3' --match '^(.*)$' --with '$1,1700000000000000000'
time_of "$millrace" deadletter fix $data --reason "field 'at'" --match 'yesterday$' --with '1700000000000000000'
time_of "$millrace" deadletter replay $data
time_of "$millrace" run copy_mixed.mill --json
echo "replayed: $(letters $data '["by_state"]["replayed"]') of $bad"
cmp <(content_of mixed) <(content_of whole)
echo "after: the output is that of the file without mistakes, $(content_of mixed | wc -l) lines"
awk -v r="$ratio" 'BEGIN {exit r > 1.2 ? 3 : 0}'
