/* SPDX-License-Identifier: 0BSD */
/*
 * A server that counts what it handles, fuzzed with several client threads.
 *
 * The mistake: who gets an answer reads the server's counter, which its handler writes.  On one
 * thread, and with a task, nothing can happen in between.
 *
 * Mended: the counter's value comes with the answer.
 */
#include <ump_server/fuzz.h>

static struct server {
	int count;
} server;

static struct ump_flow request(void *self, const void *msg, ump_reply_context **rc)
{
	(void)self;
	(void)msg;
	server.count++;
	ump_reply(rc, &server.count);
	return ump_continue();
}

static int build(void *arg, ump_client *client, struct ump_handler *out)
{
	(void)arg;
	(void)client;
	out->request = request;
	return 0;
}

static void *begin(struct ump_fuzz_input *input)
{
	(void)input;
	server = (struct server){0};
	return NULL;
}

static void make(void *arg, struct ump_fuzz_input *input, void *value)
{
	(void)arg;
	*(int *)value = ump_fuzz_byte(input);
}

static const char *check(void *arg, const void *asked, int result, const void *reply)
{
	(void)arg;
	(void)asked;
	if (result != UMP_OK)
		return NULL;
#ifdef MENDED
	return *(const int *)reply < 1 ? "no count" : NULL;
#else
	return *(const int *)reply > server.count ? "more than were counted" : NULL;
#endif
}

static const char *end(void *arg, struct ump_flow how)
{
	(void)arg;
	return how.stop ? "there is no break" : NULL;
}

static const struct ump_fuzz_target count = {
	.config = {.request.size = sizeof(int), .reply.size = sizeof(int)},
	.build = build,
	.begin = begin,
	.request = make,
	.answer = check,
	.end = end,
	.kinds = UMP_FUZZ_THREAD,
	.threads = 2,
};
UMP_FUZZ_TARGET(count)
