# shellcheck shell=bash
# The bill of materials of a package, SPDX 2.3 as JSON: our files, and the Debian packages whose libraries
# the program is linked with, as they are on the machine that builds.

# sbom_licence PACKAGE: the licence of most of its files, where Debian's copyright file says it in the form
# for programs; as that file has it.
sbom_licence()
{
	awk '
		NR == 1 && !/^Format:/ { exit }
		/^Files: *\*/ { inside = 1 }
		/^$/ { inside = 0 }
		inside && /^License:/ { sub(/^License: */, ""); print; exit }' "/usr/share/doc/${1%%:*}/copyright"
}

# sbom_packages PROGRAM: a line a package: name, version, architecture, source, homepage, licence.
sbom_packages()
{
	local name

	packaging/libraries "$1" | cut -f 1 | sort -u | while IFS= read -r name; do
		dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Homepage}\t' "$name" &&
			printf '%s\n' "$(sbom_licence "$name")"
	done
}

# sbom_files FOLDER: a line a file: SHA-1, SHA-256, path.
sbom_files()
{
	(cd "$1" && find . -type f | sort | while IFS= read -r file; do
		printf '%s\t%s\t%s\n' "$(sha1sum <"$file" | cut -c 1-40)" "$(sha256sum <"$file" | cut -c 1-64)" "$file"
	done)
}

# sbom_write VERSION FOLDER PACKAGE FILE: of what is installed as it lies in the folder, and of the Debian
# package that was made of it.
sbom_write()
{
	local packages files distribution

	packages=$(sbom_packages "$2/usr/bin/spectrocloud-backend") && files=$(sbom_files "$2") || return 1
	distribution=$(. /etc/os-release && echo "$ID-$VERSION_ID")
	jq -n --arg packages "$packages" --arg files "$files" --arg version "$1" \
		--arg architecture "$(dpkg --print-architecture)" --arg distribution "$distribution" \
		--arg deb "${3##*/}" --arg digest "$(sha256sum <"$3" | cut -c 1-64)" \
		--arg verification "$(cut -f 1 <<<"$files" | sort | tr -d '\n' | sha1sum | cut -c 1-40)" \
		--arg created "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" \
		-f dev.d/sbom.jq >"$4"
}
