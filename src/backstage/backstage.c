/* What lives as long as a configuration is in force, put together. */
#include "backstage/inside.h"

#include <stdlib.h>

#include "backstage/policy.h"
#include "base/clock.h"
#include "http/srv.h"

unsigned most_waiting(const struct config *config)
{
	return config->workers > 1 ? (unsigned)config->workers / 2 : 1;
}

/* The keys of legacy entries, made once. */
static bool make_external_secrets(struct backstage *b, struct error *err)
{
	size_t count = b->config->external_count;

	b->external_secrets = heap_alloc((count + 1) * sizeof(struct jose_key *));
	for (size_t i = 0; i < count; i++) {
		const struct config_external *e = &b->config->external[i];

		if (e->type == CONFIG_EXTERNAL_LEGACY &&
		    !jose_key_from_secret((struct text){e->secret.ptr, e->secret.len},
					  &b->external_secrets[i], err))
			return error_in(err, "the secret of %s", e->subject);
	}
	return true;
}

bool backstage_open(const struct config *config, struct http_client *http, struct store *store,
		    struct backstage **b, struct error *err)
{
	return backstage_open_after(NULL, config, http, store, b, err);
}

static bool open_keys(struct backstage *b, struct backstage *before, struct store *store,
		      struct error *err)
{
	if (before != NULL)
		b->own_keys = own_keys_share(before->own_keys);
	return b->own_keys != NULL || own_keys_open(b->config, store, &b->own_keys, err);
}

bool backstage_open_after(struct backstage *before, const struct config *config,
			  struct http_client *http, struct store *store, struct backstage **b,
			  struct error *err)
{
	struct backstage *made = heap_alloc(sizeof *made);

	made->config = config;
	made->http = http;
	/* As Backstage's own plugins call each other: whatever proxy leads to Palette. */
	made->target = (struct http_target){.ca_file = config->backstage_ca_file, .direct = true};
	made->issuers = issuers_new(http, &made->target, config, &made->counts);
	made->verified = verified_new();
	made->delegated = delegated_new();
	made->emails = emails_new();
	made->decisions = decisions_new(made);
	if (!permissions_check(config, err) || !open_keys(made, before, store, err) ||
	    !make_external_secrets(made, err) || !srv_open(NULL, &made->srv, err) ||
	    (config->policy_file != NULL &&
	     !policy_open(config->policy_file, &made->policy, err))) {
		backstage_close(made);
		return false;
	}
	permissions_begin_counting();
	*b = made;
	return true;
}

bool backstage_check(const struct config *config, struct error *err)
{
	struct own_keys *keys = NULL;
	struct policy *policy = NULL;
	bool ok = permissions_check(config, err) && own_keys_open(config, NULL, &keys, err) &&
		  (config->policy_file == NULL || policy_open(config->policy_file, &policy, err));

	policy_close(policy);
	own_keys_close(keys);
	return ok;
}

void backstage_close(struct backstage *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; b->external_secrets != NULL && i < b->config->external_count; i++)
		jose_key_free(b->external_secrets[i]);
	free((void *)b->external_secrets);
	policy_close(b->policy);
	srv_close(b->srv);
	decisions_free(b->decisions);
	digest_map_free(b->emails);
	digest_map_free(b->delegated);
	digest_map_free(b->verified);
	own_keys_close(b->own_keys);
	issuers_free(b->issuers);
	free(b);
}

void backstage_warm_up(struct backstage *b, int most_ms)
{
	int ms = b->config->backstage_timeout_ms;
	struct backstage_call call = {.deadline_ms = clock_now_ms() + (ms < most_ms ? ms : most_ms),
				      .may_wait = true};
	struct error unused;
	struct arena arena;
	const char *url;

	arena_init(&arena);
	call.arena = &arena;
	if (backstage_url(b, &call, "auth", &url, &unused)) {
		const struct issuer_address at = {
			.name = "auth" PATH_USER_KEYS,
			.url = arena_printf(&arena, "%s%s", url, PATH_USER_KEYS),
			.configured = true,
		};

		issuers_prepare(b->issuers, &at, call.deadline_ms);
	}
	arena_fini(&arena);
	permissions_look(b);
}

struct text backstage_jwks(struct backstage *b, const struct backstage_call *call)
{
	return own_keys_jwks(b->own_keys, call, now_s());
}

struct backstage_stats backstage_stats(const struct backstage *b)
{
	const struct counts *c = &b->counts;

	return (struct backstage_stats){
		.tokens_verified = atomic_load(&c->tokens_verified),
		.tokens_recalled = atomic_load(&c->tokens_recalled),
		.tokens_refused = atomic_load(&c->tokens_refused),
		.key_fetches = atomic_load(&c->key_fetches),
		.key_fetches_failed = atomic_load(&c->key_fetches_failed),
		.questions_asked = atomic_load(&c->questions_asked),
		.questions_recalled = atomic_load(&c->questions_recalled),
		.questions_failed = atomic_load(&c->questions_failed),
		.allowed = atomic_load(&c->allowed),
		.denied = atomic_load(&c->denied),
	};
}
