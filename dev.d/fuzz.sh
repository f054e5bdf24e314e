# shellcheck shell=bash
# ./dev fuzz [SECONDS [NAME...]]: every fuzz target for that long, two at a time, from a copy of its
# corpus. What is found stays in build-fuzz/findings/, what is new in build-fuzz/corpus/.

fuzz_targets()
{
	ninja -C build-fuzz -t targets all | sed -n 's|^tests/fuzz/fuzz_\([a-z0-9_]*\): c_LINKER.*|\1|p' | sort
}

# fuzz_one NAME SECONDS: runs one target; prints a line when it is done.
fuzz_one()
{
	local name=$1 seconds=$2 status=0 dictionary=()
	local corpus=build-fuzz/corpus/$1 findings=build-fuzz/findings/$1 log=build-fuzz/log/fuzz-$1.log

	mkdir -p "$corpus" "$findings"
	cp -R "tests/fuzz/corpus/$name/." "$corpus/" 2>/dev/null
	[ -f "tests/fuzz/$name.dict" ] && dictionary=(-dict="tests/fuzz/$name.dict")
	limited $((seconds + 120)) "$log" "build-fuzz/tests/fuzz/fuzz_$name" "$corpus" \
		-max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$findings/" "${dictionary[@]}" || status=$?
	awk -v name="$name" -v status="$status" '
		/^stat::number_of_executed_units:/ { runs = $2 }
		/^stat::new_units_added:/ { added = $2 }
		/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") covered = $(i + 1) }
		/Test unit written to / { finding = $NF }
		/^SUMMARY: / { summary = $0 }
		END {
			printf "%s ... %d runs, coverage %d, %d new inputs, ", name, runs, covered, added
			if (status == 0) {
				print "nothing found"
				exit
			}
			printf "FOUND %s (status %d)\n", finding == "" ? "no input to keep" : finding, status
			if (summary != "")
				print "    " summary
		}' "$log"
	[ "$status" -eq 0 ] && return
	show_log "$log"
	return 1
}

fuzz_main()
{
	local seconds=${1:-60} names name running=0 faults=0

	[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || die "how many seconds? '$seconds' is no number"
	[ $# -gt 0 ] && shift
	need build test clang && configure build-fuzz || exit 1
	mapfile -t names < <(fuzz_targets)
	[ ${#names[@]} -gt 0 ] || die "tests/fuzz/meson.build lists no target"
	[ $# -gt 0 ] && names=("$@")
	compile build-fuzz "${names[@]/#/tests/fuzz/fuzz_}" || exit 1

	export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	echo "${#names[@]} targets, $seconds seconds each, two at a time"
	for name in "${names[@]}"; do
		if [ "$running" -eq 2 ]; then
			wait -n || faults=$((faults + 1))
			running=$((running - 1))
		fi
		(end_children_with_us; fuzz_one "$name" "$seconds") &
		running=$((running + 1))
	done
	while [ "$running" -gt 0 ]; do
		wait -n || faults=$((faults + 1))
		running=$((running - 1))
	done
	echo "fuzz: ${#names[@]} targets, $faults with findings"
	[ "$faults" -eq 0 ]
}
