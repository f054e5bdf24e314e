# shellcheck shell=bash
# ./dev fuzz [SECONDS [NAME...]]: every fuzz target for that long, JOBS at a time, from a copy of its
# corpus. What is found stays in build-fuzz/findings/, what is new in build-fuzz/corpus/.
# ./dev fuzz until RUNS [NAME...]: until each has had so many runs in all, the slowest last.
# ./dev fuzz total: how many that are, as a table.
#
# tests/fuzz/NAME.options has options of libFuzzer for that target alone, one a line, and
# tests/fuzz/NAME.dict words that it should know. tests/fuzz/executions has a line a run: name, runs,
# seconds, coverage, status, when. It is kept with the sources, so that what several machines do adds
# up.

fuzz_history=tests/fuzz/executions
fuzz_slice=${SLICE:-300} # seconds: what is lost at most when a long run is ended

fuzz_targets()
{
	ninja -C build-fuzz -t targets all | sed -n 's|^tests/fuzz/fuzz_\([a-z0-9_]*\): c_LINKER.*|\1|p' | sort
}

# fuzz_one NAME SECONDS [OPTION...]: runs one target; prints a line when it is done.
fuzz_one()
{
	local name=$1 seconds=$2 status=0 start=$SECONDS own=()
	local corpus=build-fuzz/corpus/$1 findings=build-fuzz/findings/$1 log=build-fuzz/log/fuzz-$1.log

	shift 2
	mkdir -p "$corpus" "$findings"
	cp -R "tests/fuzz/corpus/$name/." "$corpus/" 2>/dev/null
	[ -f "tests/fuzz/$name.options" ] && mapfile -t own < <(grep ^- "tests/fuzz/$name.options")
	[ -f "tests/fuzz/$name.dict" ] && own+=(-dict="tests/fuzz/$name.dict")
	limited $((seconds + 120)) "$log" "build-fuzz/tests/fuzz/fuzz_$name" "$corpus" \
		-max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -reload=0 -print_final_stats=1 \
		-artifact_prefix="$findings/" "${own[@]}" "$@" || status=$?
	awk -v name="$name" -v status="$status" -v took="$((SECONDS - start))" \
		-v history="$fuzz_history" -v when="$(date -u +%FT%TZ)" '
		/^stat::number_of_executed_units:/ { runs = $2 }
		/^stat::new_units_added:/ { added = $2 }
		/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") covered = $(i + 1) }
		/Test unit written to / { finding = $NF }
		/^SUMMARY: / { summary = $0 }
		END {
			print name, runs + 0, took, covered + 0, status, when >>history
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

# fuzz_ready [NAME...]: compiles them and puts their names, or those of all, into $names.
fuzz_ready()
{
	need build test clang && configure build-fuzz || exit 1
	mapfile -t names < <(fuzz_targets)
	[ ${#names[@]} -gt 0 ] || die "tests/fuzz/meson.build lists no target"
	[ $# -gt 0 ] && names=("$@")
	compile build-fuzz "${names[@]/#/tests/fuzz/fuzz_}" || exit 1
	# An input is over soon: a short memory of what was freed is enough, and most of what the
	# sanitizer does otherwise is to fill and give back pages, and to remember who asked for memory.
	export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=4:malloc_context_size=1
	ASAN_OPTIONS+=:max_malloc_fill_size=0:allocator_release_to_os_interval_ms=-1
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
}

# fuzz_had NAME: its runs so far.
fuzz_had()
{
	awk -v name="$1" '$1 == name { sum += $2 } END { print sum + 0 }' "$fuzz_history"
}

# fuzz_lacking RUNS NAME...: those that have had fewer, the slowest last. One of which nobody knows how
# fast it is comes first.
fuzz_lacking()
{
	local wanted=$1

	shift
	printf '%s\n' "$@" | awk -v wanted="$wanted" '
		FILENAME != "-" { had[$1] += $2; if ($3 > 0) cost[$1] = $3 / ($2 + 1); next }
		had[$1] < wanted { print (wanted - had[$1]) * cost[$1], $1 }' "$fuzz_history" - |
		sort -g | cut -d ' ' -f 2
}

# fuzz_each NAME... -- COMMAND...: COMMAND NAME for each, JOBS at a time; its status is how many failed.
fuzz_each()
{
	local names=() name running=0 faults=0

	while [ "$1" != -- ]; do
		names+=("$1")
		shift
	done
	shift
	for name in "${names[@]}"; do
		if [ "$running" -ge "$JOBS" ]; then
			wait -n || faults=$((faults + 1))
			running=$((running - 1))
		fi
		(end_children_with_us; "$1" "$name" "${@:2}") &
		running=$((running + 1))
	done
	while [ "$running" -gt 0 ]; do
		wait -n || faults=$((faults + 1))
		running=$((running - 1))
	done
	echo "fuzz: ${#names[@]} targets, $faults with findings"
	return "$faults"
}

# In slices, each of which counts when it is over; what ends at a finding is left there. To weigh the
# inputs by what is rare in them costs a third of the time.
fuzz_up_to()
{
	local name=$1 wanted=$2 had before=-1

	while had=$(fuzz_had "$name") && [ "$had" -lt "$wanted" ]; do
		[ "$had" -gt "$before" ] || die "$name: $fuzz_history does not grow"
		before=$had
		fuzz_one "$name" "$fuzz_slice" -entropic=0 -runs=$((wanted - had)) || return
	done
}

fuzz_until()
{
	local wanted=$1 names lacking

	[[ $wanted =~ ^[1-9][0-9]{0,10}$ ]] || die "how many runs? '$wanted' is no number"
	shift
	fuzz_ready "$@"
	mapfile -t lacking < <(fuzz_lacking "$wanted" "${names[@]}")
	echo "${#lacking[@]} of ${#names[@]} targets have had less than $wanted runs"
	fuzz_each "${lacking[@]}" -- fuzz_up_to "$wanted"
}

# The rate is that of the last run that was long enough to tell.
fuzz_total()
{
	awk '
		{
			runs[$1] += $2
			if ($3 >= 10 || ($3 > 0 && !($1 in rate)))
				rate[$1] = $2 / $3
			if ($4 > 0)
				covered[$1] = $4
			found[$1] += $5 != 0
		}
		END {
			for (name in runs)
				printf "| %s | %d | %d | %d | %d |\n", name, runs[name], rate[name],
					covered[name], found[name]
		}' "$fuzz_history" | sort | sed '1i | target | executions | per second | coverage | findings |\n|---|---|---|---|---|'
}

fuzz_for()
{
	local seconds=$1 names

	[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || die "how many seconds? '$seconds' is no number"
	shift
	fuzz_ready "$@"
	echo "${#names[@]} targets, $seconds seconds each, $JOBS at a time"
	fuzz_each "${names[@]}" -- fuzz_one "$seconds"
}

fuzz_main()
{
	case ${1:-60} in
	total)
		fuzz_total
		;;
	until)
		shift
		[ $# -gt 0 ] || die "until how many runs each?"
		fuzz_until "$@"
		;;
	*)
		[ $# -gt 0 ] || set -- 60
		fuzz_for "$@"
		;;
	esac
}
