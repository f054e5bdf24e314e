/* Connections to PostgreSQL: what is refused is never repeated, and what is taken has one reading.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = {.store.type = CONFIG_STORE_POSTGRESQL};
	struct secret *connection = &config.store.postgres.connection;
	struct error err = {.message = ""};
	bool is_url;

	secret_set(connection, (struct text){(const char *)data, size});
	if (!store_check(&config, &err)) {
		/* What is said may have words of short ones; not all of a long one. */
		if (strlen(connection->ptr) > 40 && strstr(err.message, connection->ptr) != NULL)
			abort();
	} else if (connection->ptr != NULL) {
		is_url = strncmp(connection->ptr, "postgres", 8) == 0 &&
			 strstr(connection->ptr, "://") != NULL;
		if (strlen(connection->ptr) != connection->len ||
		    (is_url && strchr(connection->ptr, '@') != strrchr(connection->ptr, '@')))
			abort();
	}
	secret_wipe(connection);
	return 0;
}
