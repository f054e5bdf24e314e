/* The page docs/troubleshooting.md, from the rows. */
#include "cmd/doctor.h"

static const char head[] =
	"# Troubleshooting\n"
	"\n"
	"<!-- Written by `spectrocloud-backend docs doctor` from the table of checks; see ./dev "
	"docs. "
	"-->\n"
	"\n"
	"```sh\n"
	"build/spectrocloud-backend doctor --config app-config.yaml\n"
	"```\n"
	"\n"
	"looks at everything that the service needs, with the service's own configuration, from "
	"the "
	"machine that it is\n"
	"started on. It changes nothing, and shows no secret. Whether the service runs does not "
	"matter to "
	"it; that it does not\n"
	"is one of the faults. Variables that the configuration names have to be set, as for the "
	"service: those of the\n"
	"Debian package stand in `/etc/default/spectrocloud-backend`, which root reads with "
	"`set -a; . /etc/default/spectrocloud-backend; set +a`.\n"
	"\n"
	"Each check is a line; below one that is not fine stands what was "
	"tried, "
	"what came back, and\n"
	"what to do:\n"
	"\n"
	"```\n"
	"Palette production at https://api.spectrocloud.example\n"
	"  ok       palette-name          api.spectrocloud.example is at 192.0.2.7\n"
	"  ok       palette-connect       192.0.2.7 port 443 takes connections\n"
	"  fault    palette-tls           the certificate is not trusted\n"
	"           tried  a TLS handshake with api.spectrocloud.example port 443\n"
	"           got    SSL certificate problem: unable to get local issuer certificate; ...\n"
	"           do     set spectrocloud.environments[0].caFile to a file with the certificate "
	"of "
	"its issuer\n"
	"  skipped  palette-http          not looked at, as palette-tls is a fault\n"
	"```\n"
	"\n"
	"| | |\n"
	"|---|---|\n"
	"| **ok** | it is as it should be |\n"
	"| **warning** | it works, and part of it does not, or not for long, or not as is wise |\n"
	"| **fault** | something that the service needs does not work |\n"
	"| **skipped** | it could not be looked at; the line says why |\n"
	"\n"
	"The exit status is 0 if there is no fault, 1 if there is one, and 2 if nothing could be "
	"looked "
	"at: an option is\n"
	"wrong, or the configuration cannot be read, and then standard error has each fault in it "
	"with "
	"file, line and column.\n"
	"\n"
	"- `--only NAME,...` runs these checks alone, without those that they come after. `--list` "
	"has "
	"all.\n"
	"- A check has 5 to 40 seconds, all together have two minutes. Checks run beside each "
	"other, so "
	"that one that hangs\n"
	"  stops no other.\n"
	"- Colours are for terminals, unless `NO_COLOR` is set.\n"
	"\n"
	"## With whose rights\n"
	"\n"
	"Palette is asked with the `apiToken` of each environment. Backstage is asked\n"
	"\n"
	"1. with the token in the variable `SPECTROCLOUD_DOCTOR_TOKEN`, if it is set: one of "
	"`backend.auth.externalAccess`\n"
	"   that is not restricted to other plugins, or a user's. It is never taken from the "
	"command "
	"line, which others can\n"
	"   read;\n"
	"2. else with a token of this plugin, where `backend.auth.pluginKeyStore` is `static`. "
	"Keys that "
	"the service makes are\n"
	"   in its memory alone;\n"
	"3. else without one. What needs one is skipped then.\n"
	"\n"
	"The running service is asked with the first of: that token, a static token of "
	"`backend.auth.externalAccess` that is\n"
	"for this plugin, one of this plugin's own. The check `external-access` uses each of those "
	"static tokens, at this\n"
	"service alone.\n"
	"\n"
	"## For programs\n"
	"\n"
	"`--json` prints one document when all checks have ended. Names stay as they are; members "
	"may "
	"be added.\n"
	"\n"
	"| member | |\n"
	"|---|---|\n"
	"| `version` | of the program |\n"
	"| `status` | the worst: `ok`, `warning` or `fault` |\n"
	"| `counts` | how many checks are `ok`, `skipped`, `warning`, `fault` |\n"
	"| `checks[].name` | as in the table below |\n"
	"| `checks[].title` | the same in words |\n"
	"| `checks[].environment` | the environment's name; `null` where it has none, or the check "
	"is "
	"about none |\n"
	"| `checks[].status` | `ok`, `skipped`, `warning` or `fault` |\n"
	"| `checks[].summary` | what was found |\n"
	"| `checks[].tried`, `.answer`, `.advice` | what was tried, what came back, what to do; "
	"each may "
	"be `null` |\n"
	"\n"
	"`--list --json` prints an array of `name`, `title`, `group` and `eachEnvironment`.\n"
	"\n"
	"## From what you see to the check\n"
	"\n"
	"| what you see | look at |\n"
	"|---|---|\n";

static const char after_symptoms[] =
	"\n"
	"Requests that the service answered with an error have a line in its log with the id that "
	"the "
	"answer has as\n"
	"`X-Request-Id`; what became of Palette's errors is in "
	"[compatibility.md](compatibility.md).\n"
	"\n"
	"## The checks\n"
	"\n"
	"What comes after another check is skipped where that one found a fault.\n"
	"\n"
	"| check | what it looks at | after |\n"
	"|---|---|---|\n";

static void add_symptoms(struct buf *out)
{
	for (const struct doctor_check *c = doctor_checks; c->name != NULL; c++) {
		bool first = true;

		/* Each symptom once, with all its checks. */
		for (const struct doctor_check *b = doctor_checks; b < c; b++)
			if (text_is(text_of(b->symptom), c->symptom))
				first = false;
		if (!first)
			continue;
		buf_printf(out, "| %s | `%s`", c->symptom, c->name);
		for (const struct doctor_check *b = c + 1; b->name != NULL; b++)
			if (text_is(text_of(b->symptom), c->symptom))
				buf_printf(out, ", `%s`", b->name);
		buf_add_string(out, " |\n");
	}
}

static void add_checks(struct buf *out)
{
	const struct doctor_check *before = NULL;

	for (const struct doctor_check *c = doctor_checks; c->name != NULL; before = c++) {
		if (before == NULL || before->group != c->group)
			buf_printf(out, "| **%s**%s | | |\n", doctor_group_title(c->group),
				   c->group == DOCTOR_PALETTE ? ", for each environment" : "");
		buf_printf(out, "| `%s` | **%s.** %s%s |", c->name, c->title, c->asks,
			   (c->needs & DOCTOR_NEEDS_CALLER) != 0 ? ". Needs a token" : "");
		if (c->after != NULL)
			buf_printf(out, " `%s` |\n", c->after);
		else
			buf_add_string(out, " |\n");
	}
}

void doctor_page(struct buf *out)
{
	buf_add_string(out, head);
	add_symptoms(out);
	buf_add_string(out, after_symptoms);
	add_checks(out);
}
