/* What is configured of the log, the audit trail and traces, as far as rows cannot say it. */
#include <string.h>

#include "config/check.h"

const struct setting_choice log_level_choices[] = {
	{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"warn", LOG_WARN},
	{"error", LOG_ERROR}, {NULL, 0},
};

/* ---- spectrocloud.telemetry.logLevels ---- */

static const char *names_of_modules(struct arena *a)
{
	const char *names = "";

	for (size_t i = 0; i < LOG_MODULES; i++)
		names = arena_printf(a, "%s%s%s", names, i == 0 ? "" : ", ", log_modules[i].name);
	return names;
}

static unsigned char *level_of_module(struct log_levels *levels, struct text name)
{
	for (size_t i = 0; i < LOG_MODULES; i++)
		if (text_is(name, log_modules[i].name))
			return &levels->of[i];
	return NULL;
}

static bool read_level(const struct node *node, unsigned char *level)
{
	for (const struct setting_choice *c = log_level_choices; c->name != NULL; c++) {
		if (node->type != NODE_STRING || !text_is(node->text, c->name))
			continue;
		*level = LOG_LEVEL_OF(c->value);
		return true;
	}
	return false;
}

void read_log_levels(struct check *c, const struct setting *row, const struct node *value,
		     const char *path, void *into)
{
	struct log_levels levels = {{0}};

	if (value->type != NODE_MAP) {
		check_not_for_row(c, row, value, path);
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct entry *entry = &value->entries[i];
		unsigned char *level = level_of_module(&levels, entry->key);
		const char *each = check_path_of(c, path, entry);

		if (level == NULL)
			findings_fault(c->l->found, entry->place, each,
				       "there is no such module, only %s",
				       names_of_modules(c->l->arena));
		else if (node_is_set(entry->value) && !read_level(entry->value, level))
			check_wrong(c, entry->value, each, "debug, info, warn or error");
	}
	*(struct log_levels *)into = levels;
}

/* ---- spectrocloud.telemetry.sampleRatio ---- */

void read_ratio(struct check *c, const struct setting *row, const struct node *value,
		const char *path, void *into)
{
	double ratio = value->number;

	if ((value->type == NODE_NUMBER ||
	     (value->type == NODE_STRING && number_read(value->text, &ratio))) &&
	    ratio >= 0 && ratio <= 1)
		*(double *)into = ratio;
	else
		check_not_for_row(c, row, value, path);
}

double config_sample_ratio(const struct config *config)
{
	return config->tracing.endpoint == NULL ? 0 : config->tracing.ratio;
}

/* ---- spectrocloud.audit ---- */

static enum log_level level_of_trail(const struct config *config)
{
	struct log_levels levels = config->log_levels;
	const unsigned char *own = level_of_module(&levels, TEXT("audit"));

	return *own != 0 ? (enum log_level)(*own - 1) : config->log_level;
}

void check_telemetry(struct check *c, const struct node *root)
{
	static const char path[] = "spectrocloud.audit.to";
	static const char required[] = "spectrocloud.audit.required";

	if (c->l->found->fault_count > 0 || c->config->audit.to != TRAIL_STDERR ||
	    level_of_trail(c->config) <= LOG_INFO)
		return;
	if (c->config->audit.required)
		findings_fault(c->l->found, check_place_near(root, required), required,
			       "nothing could be done: the audit trail is part of the log, at "
			       "level info, and spectrocloud.telemetry.logLevel leaves that out; "
			       "spectrocloud.telemetry.logLevels.audit can be info");
	else
		findings_notice(
			c->l->found, check_place_near(root, path), path,
			"there is no audit trail: it is part of the log, at level info, and "
			"spectrocloud.telemetry.logLevel leaves that out; "
			"spectrocloud.telemetry.logLevels.audit can be info");
}
