# shellcheck shell=bash
# ./dev soak [SECONDS]: the service under mixed load while everything around it fails and is started
# again; tests/soak/soak.mjs says what, and which variables it reads. The optimised program, or with
# SANITIZED=1 the sanitized one, whose memory is not judged, since what it frees is kept for a while.

soak_main()
{
	local seconds=${1:-600} bins=build

	[[ $# -le 1 && $seconds =~ ^[0-9]+$ ]] || die "usage: ./dev soak [SECONDS]"
	need build test || exit 1
	need_node || exit 1
	if [ -n "${SANITIZED:-}" ]; then
		bins=build-test
		export SOAK_ROUGH=1
		export ASAN_OPTIONS=detect_leaks=1:halt_on_error=1:strict_string_checks=1
		export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	fi
	compile "$bins" src/spectrocloud-backend sim/palette-sim || exit 1
	exec env SPECTROCLOUD_BACKEND="$PWD/$bins/src/spectrocloud-backend" \
		PALETTE_SIM="$PWD/$bins/sim/palette-sim" node tests/soak/soak.mjs "$seconds"
}
