# shellcheck shell=bash
# What every part of ./dev uses: progress lines, installing packages, lists of files.

export LC_ALL=C.UTF-8
JOBS=${JOBS:-$(nproc)}

die()
{
	echo "./dev: $*" >&2
	exit 1
}

# An interrupted ./dev takes with it what runs under a time limit, which has a process group of its own.
end_children_with_us()
{
	# shellcheck disable=SC2046 # a list of process ids
	trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
}

# limited SECONDS LOG COMMAND...: runs it with its output in LOG; 124 says that it took too long.
limited()
{
	local seconds=$1 log=$2

	shift 2
	timeout -k 10 "$seconds" "$@" >"$log" 2>&1 </dev/null &
	wait $!
}

# show_log LOG: the end of it, or what the compiler says first; and where the rest is.
show_log()
{
	if grep -q '^FAILED: ' "$1"; then
		awk '/^FAILED: / { seen = 1; getline; next } seen' "$1" | head -n 60
	else
		tail -n 60 "$1"
	fi | sed 's/^/    /'
	echo "    (all of it: $1)"
}

# step LABEL LOG COMMAND...: runs the command with its output in the file LOG; prints one line, and
# the end of the log if the command failed. Returns the command's status.
step()
{
	local label=$1 log=$2 start=$SECONDS status=0

	shift 2
	mkdir -p "${log%/*}"
	printf '%s ... ' "$label"
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if [ "$status" -eq 0 ]; then
		echo "ok $((SECONDS - start))s"
	else
		echo "FAILED $((SECONDS - start))s"
		show_log "$log"
	fi
	return "$status"
}

# packages_of SECTION...: the names that dev.d/packages lists there, each once.
packages_of()
{
	local section

	for section in "$@"; do
		awk -v want="[$section]" '
			{ sub(/#.*/, "") }
			/^\[/ { inside = $1 == want; next }
			inside { for (i = 1; i <= NF; i++) print $i }' dev.d/packages
	done | awk '!seen[$0]++'
}

# missing_packages NAME...: those that are not installed.
missing_packages()
{
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		awk -v wanted="$*" '
			$2 == "installed" { have[$1] = 1 }
			END {
				count = split(wanted, names, " ")
				for (i = 1; i <= count; i++)
					if (!(names[i] in have))
						print names[i]
			}'
}

# need SECTION...: installs the packages of these sections that this machine lacks.
need()
{
	local -a wanted missing install
	local as_root=()

	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		return 0 # no Debian: whoever works there has the tools or sees which one is missing
	fi
	mapfile -t wanted < <(packages_of "$@")
	[ ${#wanted[@]} -gt 0 ] || return 0
	mapfile -t missing < <(missing_packages "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0

	install=(apt-get install -y --no-install-recommends "${missing[@]}")
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die_without_root "${missing[@]}"
		as_root=(sudo)
		echo "These Debian packages are missing, and sudo may ask for your password:"
		echo "    ${missing[*]}"
		sudo -v || die_without_root "${missing[@]}"
	fi
	echo "installing with apt-get: ${missing[*]}"
	# Stale package lists make the installation fail; a failed update alone need not.
	step "apt-get update" build/log/apt-update.log "${as_root[@]}" apt-get update ||
		echo "going on with the package lists that are here"
	step "apt-get install" build/log/apt-install.log \
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" ||
		die "could not install: ${missing[*]}"
}

die_without_root()
{
	echo "Some Debian packages are missing. As root, run:" >&2
	echo "    apt-get update && apt-get install -y --no-install-recommends $*" >&2
	exit 1
}

# node_is_recent VERSION: at least that one.
node_is_recent()
{
	[ "$(node -p "Number(process.versions.node.split('.')[0]) >= $1" 2>/dev/null)" = true ]
}

# The tests' JavaScript runs on the Node of the PATH if it is 18 or newer, else on Debian's.
need_node()
{
	node_is_recent 18 && return
	need node
	hash -r
	node_is_recent 18 || die "the tests need Node 18 or newer on the PATH"
}

need_npm()
{
	need_node
	command -v npm >/dev/null && return
	need npm
	command -v npm >/dev/null || die "the tests need npm on the PATH"
}

# Lists of files, each name ended by NUL.
c_files()
{
	find src sim tests -name node_modules -prune -o \
		-type f \( -name '*.c' -o -name '*.h' \) -print0 | sort -z
}

javascript_files()
{
	find . -path './build*' -prune -o -name node_modules -prune -o -path ./.git -prune -o \
		-type f \( -name '*.mjs' -o -name '*.js' \) -print0 | sort -z
}

# Scripts by their first line, since most have no ending; and the parts of ./dev, which have none.
shell_files()
{
	{
		find . -path './build*' -prune -o -name node_modules -prune -o -path ./.git -prune -o \
			-path ./tests/fuzz/corpus -prune -o -type f -executable \
			-exec awk 'FNR == 1 && /^#!.*[\/ ](ba|da)?sh( |$)/ { printf "%s%c", FILENAME, 0 }
				{ nextfile }' {} +
		find dev.d -name '*.sh' -print0
	} | sed -z 's|^\./||' | sort -zu
}

end_children_with_us
