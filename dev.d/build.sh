# shellcheck shell=bash
# The build directories: what each is for, and how it is made.

# build_options DIR: compiler, then Meson's options.
build_options()
{
	# Under a sanitizer these warnings of GCC are often wrong; the optimised build has them.
	local wrong="'-Wno-maybe-uninitialized','-Wno-format-truncation','-Wno-format-overflow'"
	local sanitized="-Doptimization=1 -Dc_args=[$wrong]"

	case $1 in
	build) echo "gcc -Doptimization=2 -Ddebug=true -Db_lto=true -Dtests=false" ;;
	build-test) echo "gcc $sanitized -Db_sanitize=address,undefined" ;;
	build-tsan) echo "gcc $sanitized -Db_sanitize=thread" ;;
	build-clang) echo "clang -Doptimization=0" ;;
	build-coverage) echo "gcc -Doptimization=0 -Db_coverage=true" ;;
	build-fuzz)
		echo "clang -Doptimization=2 -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true"
		;;
	*) die "no options for $1" ;;
	esac
}

# label_of DIR: how the progress lines call it.
label_of()
{
	case $1 in
	build) echo "gcc, optimised" ;;
	build-test) echo "gcc, sanitized" ;;
	build-tsan) echo "gcc, thread sanitizer" ;;
	build-clang) echo "clang" ;;
	build-coverage) echo "gcc, coverage" ;;
	build-fuzz) echo "clang, fuzzing" ;;
	esac
}

# configure DIR: nothing to do if it stands with these options; Ninja itself notices a changed
# meson.build. What the fuzzers found stays when the options change.
configure()
{
	local dir=$1 compiler options

	read -r compiler options < <(build_options "$dir")
	if [ -f "$dir/build.ninja" ] && [ "$(cat "$dir/.options" 2>/dev/null)" = "$compiler $options" ]; then
		return 0
	fi
	mkdir -p "$dir"
	find "$dir" -mindepth 1 -maxdepth 1 ! -name log ! -name corpus ! -name findings \
		-exec rm -rf {} + || return 1
	# shellcheck disable=SC2086 # the options are words
	step "configure ($(label_of "$dir"))" "$dir/log/configure.log" \
		env CC="$compiler" meson setup $options "$dir" || return 1
	echo "$compiler $options" >"$dir/.options"
}

# compile DIR [TARGET...]
compile()
{
	local dir=$1

	shift
	configure "$dir" || return 1
	step "compile ($(label_of "$dir"))" "$dir/log/compile.log" ninja -C "$dir" -j "$JOBS" "$@"
}

# What a person runs stands on top of build/, wherever Meson puts it.
build_programs()
{
	compile build || return 1
	ln -sfn src/spectrocloud-backend build/spectrocloud-backend
	ln -sfn sim/palette-sim build/palette-sim
}
