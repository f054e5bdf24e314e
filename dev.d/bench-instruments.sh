# shellcheck shell=bash
# What dev.d/bench measures with: starting and ending programs, their CPU time and memory, wrk.
# Everything it starts is in `started`, and files are in $work.

work=$(mktemp -d)
mkfifo "$work/never"
exec {never}<>"$work/never" # reading it is a wait without a process
declare -A started
tick_us=$((1000000 / $(getconf CLK_TCK)))
page_kib=$(($(getconf PAGESIZE) / 1024))

# shellcheck disable=SC2317  # called by the trap
clean_up()
{
	trap - EXIT INT TERM HUP
	[ ${#started[@]} -gt 0 ] && kill "${!started[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

pause()
{
	read -r -t "$1" -u "$never" _
	return 0
}

now_us()
{
	echo "${EPOCHREALTIME/./}"
}

# launch LOG COMMAND...: runs it in the background; its process id is in $launched.
launch()
{
	local log=$1

	shift
	: >"$log" # so that nobody reads what the one before wrote
	"$@" >"$log" 2>&1 </dev/null &
	launched=$!
	started[$launched]=1
}

end()
{
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	unset "started[$1]"
}

# await FILE SED_EXPRESSION: prints the first line that the expression prints, once there is one.
await()
{
	local found

	for _ in {1..400}; do
		found=$(sed -nE "$2" "$1" | head -n 1)
		[ -n "$found" ] && { echo "$found"; return; }
		pause 0.05
	done
	cat "$1" >&2
	return 1
}

port_is_open()
{
	{ : <>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null
}

free_port()
{
	local port

	for _ in {1..100}; do
		port=$((20000 + RANDOM % 10000))
		port_is_open "$port" || { echo "$port"; return; }
	done
	return 1
}

await_port()
{
	for _ in {1..400}; do
		port_is_open "$1" && return
		pause 0.05
	done
	return 1
}

# cpu_us PID: CPU time of the process, its threads and its children, so far.
cpu_us()
{
	local pid stat fields total=0

	for pid in "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		read -r stat <"/proc/$pid/stat" || continue
		read -ra fields <<<"${stat##*) }"
		total=$((total + fields[11] + fields[12]))
	done
	echo $((total * tick_us))
}

rss_kib()
{
	local fields

	read -ra fields <"/proc/$1/statm" && echo $((fields[1] * page_kib))
}

# The most it ever had since forget_peak.
peak_kib()
{
	awk '/^VmHWM:/ { print $2 }' "/proc/$1/status"
}

forget_peak()
{
	echo 5 >"/proc/$1/clear_refs"
}

median()
{
	sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# load PID SECONDS URL [HEADER...]: 32 connections ask the URL as fast as they are answered. Prints
# "requests/s CPU_us/request p50_us p99_us failures".
load()
{
	local pid=$1 seconds=$2 url=$3 before after headers=()

	shift 3
	for header in "$@"; do
		headers+=(-H "$header")
	done
	before=$(cpu_us "$pid")
	wrk -t1 -c32 -d"${seconds}s" --timeout 20s -s tests/bench/report.lua "${headers[@]}" "$url" \
		>"$work/wrk" 2>&1 || { cat "$work/wrk" >&2; return 1; }
	after=$(cpu_us "$pid")
	awk -v cpu=$((after - before)) '$1 == "figures" && $2 > 0 {
		printf "%.0f %.1f %d %d %d\n", $2 / $3, cpu / $2, $4, $5, $6 }' "$work/wrk"
}

# column N FILE...: the median of the Nth word of the lines.
column()
{
	local n=$1

	shift
	awk -v n="$n" '{ print $n }' "$@" | median
}

# The table, which is printed at the end.
title()
{
	printf '\n%s\n' "$1" >>"$work/table"
}

# row FORMAT VALUE...
row()
{
	# shellcheck disable=SC2059
	printf "$@" >>"$work/table"
}
