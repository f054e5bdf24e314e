# Debian's short names of licences as SPDX has them; what is not here is no assertion of ours.
def spdx_licences: {
  "Apache-2.0": "Apache-2.0", "Apache-2": "Apache-2.0", "MIT": "MIT", "Expat": "MIT", "ISC": "ISC", "curl": "curl",
  "Zlib": "Zlib", "zlib": "Zlib", "PostgreSQL": "PostgreSQL", "BSD-2-clause": "BSD-2-Clause",
  "BSD-3-clause": "BSD-3-Clause", "BSD-2-Clause": "BSD-2-Clause", "BSD-3-Clause": "BSD-3-Clause",
  "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later",
  "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only",
  "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3": "LGPL-3.0-only", "LGPL-3+": "LGPL-3.0-or-later",
  "MPL-2.0": "MPL-2.0", "Artistic": "Artistic-1.0-Perl", "OpenLDAP-2.8": "OLDAP-2.8", "BSD3": "BSD-3-Clause",
  "BSD-4-clause": "BSD-4-Clause", "0BSD": "0BSD"
};

# "GPL-2+ or MIT", word by word; null if one of them has no name there.
def spdx_licence:
  [split(" ")[] | if . == "or" or . == "and" then ascii_upcase else spdx_licences[.] end]
  | if length > 0 and all(. != null) then join(" ") else null end;

def lines: split("\n") | map(select(. != "") | split("\t"));
def id: gsub("[^A-Za-z0-9.-]"; "-");

($files | lines | to_entries | map({
  SPDXID: "SPDXRef-File-\(.key + 1)",
  fileName: .value[2],
  checksums: [{ algorithm: "SHA1", checksumValue: .value[0] }, { algorithm: "SHA256", checksumValue: .value[1] }],
  licenseConcluded: "Apache-2.0",
  licenseInfoInFiles: ["NOASSERTION"],
  copyrightText: "NOASSERTION"
})) as $our_files
| ($packages | lines | map(
  . as [$name, $version, $arch, $source, $homepage, $licence]
  | ($licence | spdx_licence) as $known
  | {
      SPDXID: "SPDXRef-Package-\($name | id)",
      name: $name,
      versionInfo: $version,
      supplier: "Organization: Debian",
      downloadLocation: "NOASSERTION",
      filesAnalyzed: false,
      licenseConcluded: "NOASSERTION",
      licenseDeclared: ($known // "NOASSERTION"),
      copyrightText: "NOASSERTION",
      sourceInfo: "Debian's source package \($source)",
      primaryPackagePurpose: "LIBRARY",
      externalRefs: [{
        referenceCategory: "PACKAGE-MANAGER",
        referenceType: "purl",
        referenceLocator: "pkg:deb/debian/\($name | @uri)@\($version | @uri)?arch=\($arch)&distro=\($distribution)"
      }]
    }
    + if $homepage == "" then {} else { homepage: $homepage } end
    + if $known == null and $licence != "" then { licenseComments: "Debian's copyright file says: \($licence)" } else {} end
)) as $libraries
| {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "spectrocloud-backend-\($version)-\($architecture)",
    # The digest of the package is what makes it a document of its own.
    documentNamespace: "urn:sha256:\($digest)",
    creationInfo: { created: $created, creators: ["Tool: dev-package"] },
    documentDescribes: ["SPDXRef-Package"],
    packages: ([{
      SPDXID: "SPDXRef-Package",
      name: "spectrocloud-backend",
      versionInfo: $version,
      packageFileName: $deb,
      supplier: "NOASSERTION",
      downloadLocation: "NOASSERTION",
      filesAnalyzed: true,
      packageVerificationCode: { packageVerificationCodeValue: $verification },
      checksums: [{ algorithm: "SHA256", checksumValue: $digest }],
      licenseConcluded: "Apache-2.0",
      licenseDeclared: "Apache-2.0",
      licenseInfoFromFiles: ["NOASSERTION"],
      copyrightText: "NOASSERTION",
      primaryPackagePurpose: "APPLICATION"
    }] + $libraries),
    files: $our_files,
    relationships: ([{
      spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-Package"
    }] + ($our_files | map({
      spdxElementId: "SPDXRef-Package", relationshipType: "CONTAINS", relatedSpdxElement: .SPDXID
    })) + ($libraries | map({
      spdxElementId: "SPDXRef-Package", relationshipType: "DYNAMIC_LINK", relatedSpdxElement: .SPDXID
    })))
  }
