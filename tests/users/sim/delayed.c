/* SPDX-License-Identifier: 0BSD */
/*
 * A text that a delayed post will print, unless it is cancelled before.  The text stays the
 * program's: the post has only its address.
 *
 * The mistake: after the cancel the text is freed, whatever the cancel has returned.  UMP_EMPTY may
 * mean that the call is under way, and reads the text.
 *
 * Mended: then the server is joined first.
 */
#include <stdlib.h>
#include <string.h>
#include <ump_server.h>

static struct ump_flow print(void *self, const void *msg)
{
	const char *const *text = msg;

	*(size_t *)self += strlen(*text);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)client;
	out->self = arg;
	out->post = print;
	return 0;
}

int main(void)
{
	const struct ump_config config = {.post.size = sizeof(char *)};
	char *text = strdup("a text");
	ump_delayed *delayed;
	ump_client *client;
	ump_thread *thread;
	size_t printed = 0;
	int result;

	if (text == NULL || ump_spawn_thread(&config, build, &printed, &client, &thread) != UMP_OK)
		return 1;
	result = ump_client_post_at(client, &text, ump_after(1000), 0, &delayed);
	if (result == UMP_OK)
		result = ump_delayed_cancel(delayed);
	ump_delayed_drop(&delayed);
	ump_client_drop(&client);
#ifdef MENDED
	if (result == UMP_EMPTY)
		ump_thread_join(&thread, NULL, UMP_FOREVER);
#else
	(void)result;
#endif
	free(text);
	ump_thread_join(&thread, NULL, UMP_FOREVER);
	return 0;
}
