# shellcheck shell=bash
# The pages that the program writes from its tables.

# What `spectrocloud-backend docs NAME` prints, and where that stands.
docs_pages()
{
	cat <<'LIST'
clusters    docs/generated/clusters.md
metrics     docs/metrics.md
doctor      docs/troubleshooting.md
openapi     docs/generated/openapi.json
operations  docs/generated/operations.md
settings    docs/configuration.md
tools       docs/generated/tools.md
LIST
}

# docs_write PROGRAM FOLDER: writes every page below FOLDER.
docs_write()
{
	local program=$1 folder=$2 name path

	while read -r name path; do
		mkdir -p "$folder/${path%/*}"
		if ! "$program" docs "$name" >"$folder/$path.new" </dev/null; then
			rm -f "$folder/$path.new"
			echo "$program docs $name: failed" >&2
			return 1
		fi
		mv "$folder/$path.new" "$folder/$path"
	done < <(docs_pages)
}

# docs_compare PROGRAM FOLDER: one line a page: same, differs (with the difference), failed, stale.
# FOLDER takes the fresh pages.
docs_compare()
{
	local program=$1 fresh=$2 name path

	while read -r name path; do
		mkdir -p "$fresh/${path%/*}"
		if ! "$program" docs "$name" >"$fresh/$path" </dev/null; then
			echo "failed $path: $program docs $name"
		elif diff -u "$path" "$fresh/$path"; then
			echo "same $path"
		else
			echo "differs $path: run ./dev docs and commit what it writes"
		fi
	done < <(docs_pages)
	for path in docs/generated/*; do
		[ -e "$path" ] || continue
		docs_pages | awk '{ print $2 }' | grep -qxF "$path" || echo "stale $path: nothing writes it"
	done
}
