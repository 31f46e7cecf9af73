/* SPDX-License-Identifier: 0BSD */
/* The accounts: each message that was sent is handled or dropped exactly once. */
#include "user/fuzz_world.h"

#include <stdlib.h>
#include <string.h>

static const struct ump_type *type_of(enum fuzz_kind kind)
{
	const struct ump_config *config = &ump__fuzz.target->config;

	return kind == FUZZ_REQUEST ? &config->request : &config->post;
}

static size_t align_of(enum fuzz_kind kind)
{
	const struct ump_config *config = &ump__fuzz.target->config;

	return kind == FUZZ_REQUEST ? config->request_align : config->post_align;
}

void *ump__fuzz_alloc(size_t size, size_t align)
{
	void *memory = NULL;

	/* malloc is aligned for every type that needs no configuration, and exact under a
	 * sanitizer. */
	if (align <= _Alignof(max_align_t))
		memory = malloc(size + (size == 0));
	else if (posix_memalign(&memory, align, size + (size == 0)) != 0)
		memory = NULL;
	if (memory == NULL)
		abort();
	memset(memory, 0, size);
	return memory;
}

static void *copy_of(enum fuzz_kind kind, const void *bytes)
{
	size_t size = type_of(kind)->size;
	void *copy = ump__fuzz_alloc(size, align_of(kind));

	memcpy(copy, bytes, size);
	return copy;
}

void *ump__fuzz_make(enum fuzz_kind kind)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	void *value;

	if (type_of(kind)->size == 0)
		return NULL;
	value = ump__fuzz_alloc(type_of(kind)->size, align_of(kind));
	(kind == FUZZ_REQUEST ? target->request : target->post)(
		ump__fuzz.arg, &ump__fuzz.input, value);
	return value;
}

struct fuzz_message *ump__fuzz_send(enum fuzz_kind kind, const void *bytes)
{
	struct fuzz_message *message = malloc(sizeof *message);

	if (message == NULL)
		abort();
	*message = (struct fuzz_message){
		.next = ump__fuzz.sent, .bytes = copy_of(kind, bytes), .kind = kind};
	ump__fuzz.sent = message;
	return message;
}

static void forget(struct fuzz_message **at)
{
	struct fuzz_message *message = *at;

	*at = message->next;
	free(message->bytes);
	free(message);
}

void ump__fuzz_unsend(struct fuzz_message *message)
{
	struct fuzz_message **at = &ump__fuzz.sent;

	while (*at != NULL && *at != message)
		at = &(*at)->next;
	if (*at == NULL)
		ump__fuzz_fail("a message was handled or dropped, but not accepted", NULL);
	forget(at);
}

void ump__fuzz_release(enum fuzz_kind kind, void *bytes)
{
	if (type_of(kind)->drop != NULL)
		type_of(kind)->drop(bytes);
	free(bytes);
}

/* The oldest message that was sent with these bytes. */
static struct fuzz_message **find(enum fuzz_kind kind, const void *bytes)
{
	struct fuzz_message **found = NULL;

	for (struct fuzz_message **at = &ump__fuzz.sent; *at != NULL; at = &(*at)->next) {
		if ((*at)->kind == kind && memcmp((*at)->bytes, bytes, type_of(kind)->size) == 0)
			found = at;
	}
	return found;
}

void ump__fuzz_arrived(enum fuzz_kind kind, const void *bytes, bool in_leftover)
{
	struct fuzz_message **at = find(kind, bytes);

	if (at == NULL && ump__fuzz.target->may_send)
		return;
	if (at == NULL)
		ump__fuzz_fail(
			"the handler got a message that was not sent, or got it twice", NULL);
	if (in_leftover && kind == FUZZ_REQUEST)
		(*at)->left = true;
	else
		forget(at);
}

void ump__fuzz_forget_left(void)
{
	struct fuzz_message **at = &ump__fuzz.sent;

	while (*at != NULL) {
		if ((*at)->left)
			forget(at);
		else
			at = &(*at)->next;
	}
}

static void dropped(enum fuzz_kind kind, void *value)
{
	struct fuzz_message **at = find(kind, value);

	if (at == NULL && !ump__fuzz.target->may_send)
		ump__fuzz_fail("a message was dropped that was not sent, or was handled or dropped "
			       "before",
			NULL);
	if (at != NULL)
		forget(at);
	if (type_of(kind)->drop != NULL)
		type_of(kind)->drop(value);
}

static void drop_request(void *value)
{
	dropped(FUZZ_REQUEST, value);
}

static void drop_post(void *value)
{
	dropped(FUZZ_POST, value);
}

struct ump_config ump__fuzz_config(void)
{
	struct ump_config config = ump__fuzz.target->config;

	if (config.request.size != 0)
		config.request.drop = drop_request;
	if (config.post.size != 0)
		config.post.drop = drop_post;
	return config;
}

void ump__fuzz_ended(const void *request, int result, void *reply)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	const char *wrong = NULL;
	bool has_reply = result == UMP_OK && target->config.reply.size != 0;

	if (target->answer != NULL)
		wrong = target->answer(ump__fuzz.arg, request, result, has_reply ? reply : NULL);
	if (wrong != NULL)
		ump__fuzz_fail("the answer to a request", wrong);
	if (has_reply && target->config.reply.drop != NULL)
		target->config.reply.drop(reply);
}
