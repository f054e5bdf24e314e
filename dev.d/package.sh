# shellcheck shell=bash
# ./dev package: what an operator installs, in build-package/: a Debian package, a tarball, and the bill
# of materials of both. The same sources give the same bytes, in whatever folder and whenever.

# shellcheck source=dev.d/sbom.sh
. dev.d/sbom.sh

package_out=build-package
package_stage=$package_out/stage # the tree as it is installed

# What the package has besides what is installed everywhere (packaging/meson.build): mode, where it goes,
# where it is.
package_files='
644 etc/spectrocloud-backend/app-config.yaml packaging/config/app-config.yaml
640 etc/default/spectrocloud-backend packaging/config/environment
644 etc/logrotate.d/spectrocloud-backend packaging/config/logrotate
644 usr/share/lintian/overrides/spectrocloud-backend packaging/debian/lintian-overrides
644 usr/share/doc/spectrocloud-backend/copyright packaging/debian/copyright
'

# The version stands in meson.build, and nowhere else.
package_version()
{
	sed -n "s/^ *version: '\([^']*\)',\$/\1/p" meson.build
}

# When the sources were changed last: every time stamp in what is made.
package_date()
{
	[ -n "${SOURCE_DATE_EPOCH:-}" ] || SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null)
	[[ ${SOURCE_DATE_EPOCH:-} =~ ^[0-9]+$ ]] ||
		die "git does not say when the sources were changed last (no git, no checkout, or somebody else's):" \
			"set SOURCE_DATE_EPOCH, such as SOURCE_DATE_EPOCH=\$(date +%s) ./dev package"
	export SOURCE_DATE_EPOCH
}

# place MODE PATH: puts what comes on standard input there; .gz is compressed.
place()
{
	local target=$package_stage/$2

	mkdir -p "${target%/*}"
	case $2 in
	*.gz) gzip -9n >"$target" ;;
	*) cat >"$target" ;;
	esac || return 1
	chmod "$1" "$target"
}

# What `meson install` does, with the modes and forms of packages.
package_install()
{
	local program=$package_stage/usr/bin/spectrocloud-backend

	meson install -C build --no-rebuild --quiet --destdir "$PWD/$package_stage" &&
		find "$package_stage" -type f -exec chmod 644 {} + && chmod 755 "$program" &&
		strip --strip-unneeded --remove-section=.comment "$program" &&
		gzip -9n "$package_stage"/usr/share/man/man?/*
}

# Debian's form of a changelog, of which lists of packages are made; CHANGELOG.md is for people.
package_changelog()
{
	cat <<TEXT
spectrocloud-backend ($(package_version)) unstable; urgency=medium

  * /usr/share/doc/spectrocloud-backend/CHANGELOG.md says what has changed.

 -- $(sed -n 's/^Maintainer: //p' packaging/debian/control)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
TEXT
}

package_stage()
{
	local mode path source

	rm -rf "$package_stage"
	package_install || return 1
	while read -r mode path source; do
		place "$mode" "$path" <"$source" || return 1
	done < <(grep . <<<"$package_files")
	package_changelog | place 644 usr/share/doc/spectrocloud-backend/changelog.gz || return 1
	find "$package_stage" -type d -exec chmod 755 {} + &&
		find "$package_stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# package_depends: the libraries by their packages, as dpkg knows which version has which symbols.
package_depends()
{
	local work status

	work=$(mktemp -d) && mkdir "$work/debian" &&
		printf 'Source: spectrocloud-backend\n\nPackage: spectrocloud-backend\nArchitecture: any\n' \
			>"$work/debian/control" &&
		cp "$package_stage/usr/bin/spectrocloud-backend" "$work/program" &&
		(cd "$work" && dpkg-shlibdeps -O -eprogram) | sed -n 's/^shlibs:Depends=//p'
	status=$?
	rm -rf "$work"
	return $status
}

package_control()
{
	local depends size

	depends=$(package_depends) && [ -n "$depends" ] || return 1
	size=$(find "$package_stage" -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
	sed -e "s/@VERSION@/$(package_version)/" -e "s/@ARCHITECTURE@/$(dpkg --print-architecture)/" \
		-e "s/@INSTALLED_SIZE@/$size/" -e "s/@DEPENDS@/$depends/" packaging/debian/control
}

# package_name ENDING: of what is made.
package_name()
{
	echo "$package_out/spectrocloud-backend_$(package_version)_$(dpkg --print-architecture)$1"
}

# dpkg-deb itself keeps no time stamp later than SOURCE_DATE_EPOCH.
package_deb()
{
	local tree=$package_out/deb control=$package_out/deb/DEBIAN

	rm -rf "$tree" && cp -a "$package_stage" "$tree" && mkdir "$control" &&
		package_control >"$control/control" &&
		(cd "$tree" && find etc -type f | sort | sed 's|^|/|') >"$control/conffiles" &&
		(cd "$tree" && find usr -type f | sort | xargs md5sum) >"$control/md5sums" &&
		chmod 644 "$control"/* && install -m 755 packaging/debian/{postinst,prerm,postrm} "$control" &&
		chmod 755 "$tree" "$control" &&
		dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$tree" "$(package_name .deb)" &&
		rm -rf "$tree"
}

# The same tree for other systems than Debian, below one folder.
package_tarball()
{
	local name

	name=$(package_name .tar.gz)
	tar -C "$package_stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
		--format=ustar --transform="s|^\.|spectrocloud-backend-$(package_version)|" -cf - . |
		gzip -9n >"$name"
}

package_all()
{
	package_stage && package_deb && package_tarball &&
		sbom_write "$(package_version)" "$package_stage" "$(package_name .deb)" "$(package_name .spdx.json)" ||
		return 1
	(cd "$package_out" && sha256sum spectrocloud-backend_* >SHA256SUMS)
}

package_main()
{
	umask 022
	package_date
	need build package && compile build || exit 1
	mkdir -p "$package_out"
	rm -f "$package_out"/spectrocloud-backend_* "$package_out/SHA256SUMS"
	step "package" "$package_out/log/package.log" package_all || exit 1
	(cd "$package_out" && ls -l spectrocloud-backend_*) | awk '{ printf "%9d  build-package/%s\n", $5, $NF }'
}
