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
	void *memory = ump__fuzz_memory(size, align);

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

void *ump__fuzz_make(struct fuzz_thread *me, enum fuzz_kind kind)
{
	const struct ump_fuzz_target *target = ump__fuzz.target;
	void *value;

	if (type_of(kind)->size == 0)
		return NULL;
	value = ump__fuzz_alloc(type_of(kind)->size, align_of(kind));
	(kind == FUZZ_REQUEST ? target->request : target->post)(ump__fuzz.arg, &me->input, value);
	return value;
}

/* ---- Messages that were sent ---------------------------------------------------------------- */

/* They stay until the end, since in the simulator their sender and the handler see them at once. */

struct fuzz_message *ump__fuzz_send(struct fuzz_thread *me, enum fuzz_kind kind, const void *bytes)
{
	struct fuzz_message *message =
		ump__fuzz_memory(sizeof *message, _Alignof(struct fuzz_message));

	*message = (struct fuzz_message){
		.next = me->sent, .bytes = copy_of(kind, bytes), .kind = kind};
	me->sent = message;
	return message;
}

/* Not memcmp, which the simulator would take for an access of the program's. */
static bool has_bytes(const struct fuzz_message *message, enum fuzz_kind kind, const void *bytes)
{
	const unsigned char *a = message->bytes;
	const unsigned char *b = bytes;
	size_t size = type_of(kind)->size;
	size_t same = 0;

	if (message->kind != kind)
		return false;
	while (same < size && a[same] == b[same])
		same++;
	return same == size;
}

/* The oldest message that a thread has sent with these bytes, and that is not gone. */
static struct fuzz_message *find_of(
	const struct fuzz_thread *thread, enum fuzz_kind kind, const void *bytes)
{
	struct fuzz_message *found = NULL;

	for (struct fuzz_message *at = thread->sent; at != NULL; at = at->next) {
		if (at->state != FUZZ_GONE && has_bytes(at, kind, bytes))
			found = at;
	}
	return found;
}

static struct fuzz_message *find(enum fuzz_kind kind, const void *bytes)
{
	struct fuzz_message *found = NULL;

	for (unsigned i = 0; i <= ump__fuzz.clients && found == NULL; i++)
		found = find_of(&ump__fuzz.threads[i], kind, bytes);
	return found;
}

void ump__fuzz_unsend(struct fuzz_message *message)
{
	/* Another message with the same bytes may have been taken for this one. */
	if (message->state == FUZZ_GONE)
		message = find(message->kind, message->bytes);
	if (message == NULL)
		ump__fuzz_fail("a message was handled or dropped, but not accepted", NULL);
	message->state = FUZZ_GONE;
}

void ump__fuzz_give_up(struct fuzz_message *message)
{
	message->given_up = true;
}

void ump__fuzz_release(enum fuzz_kind kind, void *bytes)
{
	if (type_of(kind)->drop != NULL)
		type_of(kind)->drop(bytes);
	free(bytes);
}

/* Whether no other message of the execution has the same bytes, and could be taken for this one. */
static bool is_unique(const struct fuzz_message *message)
{
	for (unsigned i = 0; i <= ump__fuzz.clients; i++) {
		const struct fuzz_message *at = ump__fuzz.threads[i].sent;

		for (; at != NULL; at = at->next) {
			if (at != message && has_bytes(at, message->kind, message->bytes))
				return false;
		}
	}
	return true;
}

/* What the same thread has sent before must have been handled.  Messages with the same bytes cannot
 * be told apart, and the program's own could be among them. */
static void check_order(const struct fuzz_message *message)
{
	const struct fuzz_message *before = message->next;

	if (ump__fuzz.target->may_send || message->delayed)
		return;
	for (; before != NULL; before = before->next) {
		if (before->state == FUZZ_SENT && !before->given_up && !before->delayed &&
			is_unique(before) && is_unique(message))
			ump__fuzz_fail("a message is handled before one that the same thread sent "
				       "earlier [fifo]",
				NULL);
	}
}

void ump__fuzz_arrived(enum fuzz_kind kind, const void *bytes, bool in_leftover)
{
	struct fuzz_message *message = find(kind, bytes);

	if (message == NULL && ump__fuzz.target->may_send)
		return;
	if (message == NULL)
		ump__fuzz_fail(
			"the handler got a message that was not sent, or got it twice", NULL);
	if (!in_leftover)
		check_order(message);
	message->state = in_leftover && kind == FUZZ_REQUEST ? FUZZ_LEFT : FUZZ_GONE;
}

static bool close_account(struct fuzz_thread *thread)
{
	bool any = false;

	while (thread->sent != NULL) {
		struct fuzz_message *message = thread->sent;

		thread->sent = message->next;
		any = any || message->state == FUZZ_SENT;
		free(message->bytes);
		free(message);
	}
	return any;
}

bool ump__fuzz_close_accounts(void)
{
	bool any = false;

	for (unsigned i = 0; i <= ump__fuzz.clients; i++)
		any = close_account(&ump__fuzz.threads[i]) || any;
	return any;
}

static void dropped(enum fuzz_kind kind, void *value)
{
	struct fuzz_message *message = find(kind, value);

	if (message == NULL && !ump__fuzz.target->may_send)
		ump__fuzz_fail("a message was dropped that was not sent, or was handled or dropped "
			       "before",
			NULL);
	if (message != NULL)
		message->state = FUZZ_GONE;
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
