# shellcheck shell=bash
# ./dev lint: what reads the source without running it. The quick checks come first.

CHECKS=(format layers shell javascript cppcheck tidy)

check_format()
{
	c_files | xargs -0 clang-format --dry-run -Werror
}

check_layers()
{
	dev.d/layers
}

check_shell()
{
	shell_files | xargs -0 shellcheck -x
}

check_javascript()
{
	javascript_files | xargs -0 -r -n 1 node --check
}

# cppcheck 2.10 does not know __VA_OPT__, so it sees two headers with simpler macros.
check_cppcheck()
{
	local work=build-clang/cppcheck

	mkdir -p "$work/include/base" "$work/include/telemetry"
	sed -e 's/ __VA_OPT__(, )/, /' -e 's/LOG_FIELDS(__VA_ARGS__))$/NULL)/' src/base/log.h \
		>"$work/include/base/log.h"
	sed -e 's/__VA_ARGS__ __VA_OPT__(, ) NULL/NULL/' src/telemetry/metrics.h \
		>"$work/include/telemetry/metrics.h"
	cppcheck --quiet --std=c11 --language=c --platform=unix64 --library=posix \
		--enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppressions-list=dev.d/cppcheck-suppressions -j "$JOBS" \
		--cppcheck-build-dir="$work" -D_GNU_SOURCE -DPROJECT_VERSION='"0"' -DPROJECT_DATE='"0"' \
		-I "$work/include" -I src src sim
}

check_tidy()
{
	ninja -C build-clang build.ninja || return 1 # what is compiled how, after a changed meson.build
	JOBS=$JOBS dev.d/tidy
}

is_check()
{
	local check

	for check in "${CHECKS[@]}"; do
		[ "$check" = "$1" ] && return
	done
	return 1
}

lint_main()
{
	local check faults=0

	for check in "$@"; do
		is_check "$check" || die "there is no check '$check'; there are: ${CHECKS[*]}"
	done
	[ $# -gt 0 ] || set -- "${CHECKS[@]}"
	need build test clang lint && need_node && configure build-clang || exit 1
	for check in "$@"; do
		step "$check" "build-clang/log/lint-$check.log" "check_$check" || faults=$((faults + 1))
	done
	echo "lint: $(($# - faults)) checks passed, $faults failed"
	[ "$faults" -eq 0 ]
}
