# shellcheck shell=bash
# ./dev test and ./dev coverage: the suites, and how the results of each are counted.

# shellcheck source=dev.d/docs.sh
. dev.d/docs.sh

SUITES=(unit fuzz tsan release contract limits agents soak http sim schema mcp prometheus browser bridge e2e docs clang package)
SUITE_SECONDS=600 # no suite may hang for ever
# What is slow under a sanitizer gets more time than its meson.build says.
meson_test=(meson test --no-rebuild --print-errorlogs --timeout-multiplier 3)
bins=build-test   # whose programs and tests run; ./dev coverage has its own
passed=0
failed=0
skipped=0
http_files=0
declare -A compiled=()

# tally PASSED FAILED SKIPPED: adds to the sum; prints the rest of a progress line.
tally()
{
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
	if [ "$2" -gt 0 ]; then printf 'FAILED'; else printf 'ok'; fi
	printf ', %s passed' "$1"
	[ "$2" -gt 0 ] && printf ', %s failed' "$2"
	[ "$3" -gt 0 ] && printf ', %s skipped' "$3"
	return 0
}

# run_suite NAME COUNTER COMMAND...: runs a suite and sums up what `COUNTER LOG` reads out of its
# output: "PASSED FAILED SKIPPED", or nothing if the runner died before it said.
run_suite()
{
	local name=$1 counter=$2 log=$bins/log/test-$1.log start=$SECONDS status=0 good bad left

	shift 2
	mkdir -p "${log%/*}"
	printf '%s ... ' "$name"
	limited "$SUITE_SECONDS" "$log" "$@" || status=$?
	[ "$status" -eq 124 ] && echo "stopped after $SUITE_SECONDS seconds" >>"$log"
	read -r good bad left < <("$counter" "$log")
	if [ -z "${left:-}" ]; then
		good=0 bad=1 left=0
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	if [ "$((good + bad + left))" -eq 0 ]; then
		echo "nothing to run"
		return
	fi
	tally "$good" "$bad" "$left"
	echo " ($((SECONDS - start))s)"
	[ "$bad" -eq 0 ] || show_log "$log"
}

# one_failure NAME WHY, one_skipped NAME WHY: a suite that cannot run counts as one case.
one_failure()
{
	failed=$((failed + 1))
	echo "$1 ... FAILED: $2"
}

one_skipped()
{
	skipped=$((skipped + 1))
	echo "$1 ... skipped: $2"
}

# ready SUITE DIR [TARGET...]: compiles DIR, once; without it the suite is a failure.
ready()
{
	local suite=$1 dir=$2

	shift 2
	if [ -z "${compiled[$dir]:-}" ]; then
		compiled[$dir]=no
		compile "$dir" "$@" && compiled[$dir]=yes
	fi
	[ "${compiled[$dir]}" = yes ] && return
	one_failure "$suite" "$dir does not compile"
	return 1
}

count_meson()
{
	if grep -q '^No \(suitable \)\?tests defined' "$1"; then
		echo 0 0 0
		return
	fi
	awk '
		/^(Ok|Expected Fail): / { good += $NF; seen = 1 }
		/^(Fail|Unexpected Pass|Timeout): / { bad += $NF }
		/^Skipped: / { left += $NF }
		END { if (seen) print good + 0, bad + 0, left + 0 }' "$1"
}

# The person reads the log, we read the TAP beside it.
count_node()
{
	awk '
		/^# pass / { good = $3; seen = 1 }
		/^# (fail|cancelled) / { bad += $3 }
		/^# (skipped|todo) / { left += $3 }
		END { if (seen) print good + 0, bad + 0, left + 0 }' "${1%.log}.tap" 2>/dev/null
}

count_varnishtest()
{
	awk -v files="$http_files" '
		/^#.* TEST .* passed/ { good++ }
		/^#.* TEST .* skipped/ { left++ }
		END { print good + 0, files - good - left, left + 0 }' "$1"
}

count_pages()
{
	awk '/^same / { good++ } /^(differs|stale|failed) / { bad++ }
		END { print good + 0, bad + 0, 0 }' "$1"
}

suite_unit()
{
	ready unit "$bins" || return
	# Most of what the slow ones do is to wait.
	run_suite unit count_meson "${meson_test[@]}" --num-processes $((JOBS * 2)) -C "$bins" --suite unit
}

# Each parser's fuzz target, once over its corpus.
suite_fuzz()
{
	ready fuzz "$bins" || return
	run_suite fuzz count_meson "${meson_test[@]}" -C "$bins" --suite fuzz
}

# target_of PROGRAM: where Meson puts a unit test's program in build-tsan/.
target_of()
{
	ninja -C build-tsan -t targets all |
		sed -n "s|^\(tests/\(.*/\)\?${1//\//_}_test\): c_LINKER.*|\1|p"
}

suite_tsan()
{
	local names targets=() fixed_addresses=() name target

	configure build-tsan && ninja -C build-tsan build.ninja >/dev/null
	mapfile -t names < <(sed 's/#.*//' dev.d/tsan-programs | awk 'NF')
	for name in "${names[@]}"; do
		target=$(target_of "$name")
		if [ -z "$target" ]; then
			one_failure tsan "dev.d/tsan-programs names $name, and no such test is built"
			return
		fi
		targets+=("$target")
	done
	ready tsan build-tsan "${targets[@]}" || return
	# Some kernels spread addresses wider than GCC 12's thread sanitizer can map.
	setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)
	run_suite tsan count_meson "${fixed_addresses[@]}" \
		"${meson_test[@]}" -C build-tsan "${names[@]}"
}

# node_suite NAME [FOLDER [alone]]: tests/NAME/*.test.mjs, or FOLDER's, of those the ones that
# $chosen fits, $at_once files at a time: most of what they do is to wait. They start the programs
# that the environment names; those that stand alone need none.
chosen=.
at_once=$((JOBS + 1))
node_suite()
{
	local name=$1 folder=${2:-tests/$1} files together=()

	mapfile -t files < <(compgen -G "$folder/*.test.mjs" | grep -P "$chosen")
	if [ ${#files[@]} -eq 0 ]; then
		echo "$name ... nothing to run"
		return
	fi
	[ "${3:-}" = alone ] || ready "$name" "$bins" || return
	node_packages "$folder" || { one_failure "$name" "npm could not install"; return; }
	rm -f "$bins/log/test-$name.tap"
	[[ $(node --help) == *--test-concurrency* ]] && together=(--test-concurrency="$at_once")
	run_suite "$name" count_node env \
		SPECTROCLOUD_BACKEND="$PWD/$bins/src/spectrocloud-backend" \
		PALETTE_SIM="$PWD/$bins/sim/palette-sim" \
		node --test "${together[@]}" --test-reporter=spec --test-reporter-destination=stdout \
		--test-reporter=tap --test-reporter-destination="$bins/log/test-$name.tap" "${files[@]}"
}

# node_packages FOLDER: what its lock file lists, if it has one and that is not installed yet.
node_packages()
{
	[ -f "$1/package-lock.json" ] || return 0
	[ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
		step "npm ci ($1)" "$bins/log/npm.log" npm ci --prefix "$1" --no-audit --no-fund ||
		return
	[ ! -d "$1/node_modules/better-sqlite3" ] || node_sqlite "$1"
}

# node_sqlite FOLDER: its module for SQLite is native, and fits one Node only.
node_sqlite()
{
	local headers=() prefix

	(cd "$1" && node -e 'require("better-sqlite3")(":memory:")') 2>/dev/null && return
	prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
	[ -f "$prefix/include/node/node.h" ] && headers=(--nodedir="$prefix")
	step "npm rebuild better-sqlite3 ($1)" "$bins/log/npm-rebuild.log" env npm_config_jobs="$JOBS" \
		npm rebuild better-sqlite3 --prefix "$1" --ignore-scripts=false "${headers[@]}"
}

# show_operations SUITE: the walks over the tables of operations and actions are worth seeing, and what
# became of the requests of odd forms.
show_operations()
{
	sed -n "/^\(operation\|action\|form\)  /,/^[^a-z]/p" "$bins/log/test-$1.log" 2>/dev/null | grep "^[a-z]"
}

# The contract has three suites, for no suite is to take too long: what frontends and Backstage are
# owed, what agents are, and what holds in a crowd, in need and while things change.
agents_files='/(action|catalog|mcp|registry|toolsets)[^/]*$'
limits_files='/(cache|circuit|clients|faults|fleet|flood|overload|pace|reload|scaling|shared-budget|waiting)\.[^/]*$'

suite_contract()
{
	local chosen="^(?!.*$agents_files)(?!.*$limits_files)"

	node_suite contract
	show_operations contract
}

suite_agents()
{
	local chosen=$agents_files

	node_suite agents tests/contract
	show_operations agents
}

suite_limits()
{
	local chosen=$limits_files

	node_suite limits tests/contract
	show_operations limits
}

suite_sim() { node_suite sim; }
# Some seconds of ./dev soak, and what checks its answers.
suite_soak() { node_suite soak; }

suite_http()
{
	local files

	mapfile -t files < <(compgen -G 'tests/http/*.vtc')
	if [ ${#files[@]} -eq 0 ]; then
		echo "http ... nothing to run"
		return
	fi
	ready http "$bins" || return
	http_files=${#files[@]}
	run_suite http count_varnishtest varnishtest -j "$JOBS" -k -t 60 \
		-D daemon="$PWD/$bins/src/spectrocloud-backend" -D sim="$PWD/$bins/sim/palette-sim" \
		-D tests="$PWD/tests" "${files[@]}"
}

# What Prometheus makes of the metrics, the alerts and the dashboard.
suite_prometheus() { node_suite prometheus; }

# The status page in a browser.
suite_browser() { node_suite browser; }

# Against Palette's own description of its API, which is not part of this project.
suite_schema()
{
	if [ ! -f "${PALETTE_SPEC:-}" ]; then
		one_skipped schema "PALETTE_SPEC names no Swagger file"
		return
	fi
	node_suite schema
}

# What the conformance suites, the inspector, the client libraries and the agents themselves make of
# the service over MCP; the scores are worth seeing.
suite_mcp()
{
	local at_once=1

	if ! node_is_recent 20; then
		one_skipped mcp "the client libraries need Node 20 or newer on the PATH"
		return
	fi
	# Large, and not everywhere to be had: what needs them is skipped without.
	node_packages tests/mcp/clients ||
		echo "mcp: the snippets of docs/agents.md are tried without Claude Code and Gemini CLI"
	node_suite mcp
	sed -n 's/^score  /  /p' "$bins/log/test-mcp.log" 2>/dev/null
}

# The module that runs inside of Backstage.
suite_bridge()
{
	if ! node_is_recent 20; then
		one_skipped bridge "Backstage needs Node 20 or newer on the PATH"
		return
	fi
	node_suite bridge backstage/session-bridge alone
}

# With a real Backstage, whose plugin the service is.
suite_e2e()
{
	local SUITE_SECONDS=900 at_once=1

	if ! node_is_recent 20; then
		one_skipped e2e "Backstage needs Node 20 or newer on the PATH"
		return
	fi
	node_suite e2e e2e/backstage
	show_operations e2e
}

# The pages in docs/ are what this program would write.
suite_docs()
{
	ready docs "$bins" || return
	run_suite docs count_pages bash -c '. dev.d/docs.sh && docs_compare "$@"' docs \
		"$bins/src/spectrocloud-backend" "$bins/docs"
}

# The other compiler, for its warnings.
suite_clang()
{
	ready clang build-clang || return
	passed=$((passed + 1))
	echo "clang ... ok, no warnings"
}

# The programs as people get them; the optimiser sees more to warn of.
suite_release()
{
	ready release build || return
	passed=$((passed + 1))
	echo "release ... ok, no warnings"
}

# What an operator installs, as ./dev package makes it.
suite_package()
{
	local bins=build

	ready package build || return
	step "make the package" build-package/log/make.log ./dev package ||
		{ one_failure package "./dev package fails"; return; }
	node_suite package
	sed -n 's/^size  /  /p' "$bins/log/test-package.log" 2>/dev/null
}

is_suite()
{
	local suite

	for suite in "${SUITES[@]}"; do
		[ "$suite" = "$1" ] && return
	done
	return 1
}

# The package's own server, which nobody here has asked for, is stopped again.
need_prometheus()
{
	local as_root=()

	command -v promtool >/dev/null && return
	need prometheus || return
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	if [ -d /run/systemd/system ]; then
		"${as_root[@]}" systemctl disable --now prometheus >/dev/null 2>&1
	elif [ -x /etc/init.d/prometheus ]; then
		"${as_root[@]}" /etc/init.d/prometheus stop >/dev/null 2>&1
	fi
	hash -r
	return 0
}

# install_for SUITE...: everything at once, before the first suite starts.
install_for()
{
	local suite sections=(build test) node=false npm=false

	for suite in "$@"; do
		case $suite in
		clang) sections+=(clang) ;;
		http) compgen -G 'tests/http/*.vtc' >/dev/null && sections+=(http) ;;
		prometheus)
			need_prometheus || return 1
			node=true
			;;
		browser) sections+=(browser) node=true ;;
		contract | agents | limits | soak | sim | schema)
			[ "$suite" = schema ] && [ ! -f "${PALETTE_SPEC:-}" ] && continue
			[[ $suite = agents || $suite = limits ]] && suite=contract
			compgen -G "tests/$suite/*.test.mjs" >/dev/null || continue
			node=true
			[ "$suite" = contract ] && sections+=(shells)
			[ -f "tests/$suite/package.json" ] && npm=true
			;;
		mcp)
			node_is_recent 20 || continue
			node=true npm=true
			;;
		bridge)
			node_is_recent 20 || continue
			node=true
			;;
		package)
			sections+=(package package-test) node=true npm=true
			;;
		e2e)
			node_is_recent 20 || continue
			sections+=(e2e) node=true npm=true
			;;
		esac
	done
	need "${sections[@]}" || return 1
	[ "$node" = false ] || need_node || return 1
	[ "$npm" = false ] || need_npm
}

# A sanitizer's report ends the program that it is about, also one that a test has started.
set_sanitizers()
{
	export ASAN_OPTIONS=detect_leaks=1:halt_on_error=1:strict_string_checks=1:detect_stack_use_after_return=1
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
}

run_suites()
{
	local suite

	set_sanitizers
	for suite in "$@"; do
		"suite_$suite"
	done
}

test_main()
{
	local suite

	for suite in "$@"; do
		is_suite "$suite" || die "there is no suite '$suite'; there are: ${SUITES[*]}"
	done
	[ $# -gt 0 ] || set -- "${SUITES[@]}"
	install_for "$@" || exit 1
	run_suites "$@"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

coverage_main()
{
	local suites=(unit fuzz contract limits agents http sim)

	install_for "${suites[@]}" && need coverage || exit 1
	bins=build-coverage
	configure "$bins" || exit 1
	find "$bins" -name '*.gcda' -delete
	run_suites "${suites[@]}"
	mkdir -p "$bins/html"
	step "gcovr" "$bins/log/gcovr.log" gcovr --root . --filter 'src/' --filter 'sim/' \
		--gcov-ignore-parse-errors --exclude-throw-branches -j "$JOBS" \
		--txt "$bins/coverage.txt" --html-details "$bins/html/index.html" "$bins" || exit 1
	cat "$bins/coverage.txt"
	echo "each line: $bins/html/index.html"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
