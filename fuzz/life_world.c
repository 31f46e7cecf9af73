/* SPDX-License-Identifier: 0BSD */
#include "life_world.h"

#include "sync/sync.h"

#include <stdatomic.h>

struct world *life_world;

/* ---- Faults -------------------------------------------------------------------------------- */

static atomic_int fails_in;
static atomic_bool failed;
static atomic_long blocks;

void life_fail_in(int calls)
{
	fails_in = calls;
}

int life_fails_in(void)
{
	return fails_in;
}

bool life_failed(void)
{
	return atomic_exchange(&failed, false);
}

long life_blocks(void)
{
	return blocks;
}

static bool has_to_fail(void)
{
	if (fails_in == 0 || --fails_in != 0)
		return false;
	failed = true;
	return true;
}

void *__real_ump__alloc(size_t size);
void *__wrap_ump__alloc(size_t size);
void *__real_ump__alloc_line(size_t size);
void *__wrap_ump__alloc_line(size_t size);
void __real_ump__free(void *memory);
void __wrap_ump__free(void *memory);
int __real_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);
int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);

void *__wrap_ump__alloc(size_t size)
{
	void *memory;

	/* A request that blocks for ever allocates nothing; those who run meanwhile may. */
	EXPECT("[clean]", life_world == NULL || life_world->threaded || life_world->asleep ||
				  life_world->in_place == NOBODY);
	memory = has_to_fail() ? NULL : __real_ump__alloc(size);
	/* What the library forgets to fill in should show. */
	if (memory != NULL)
		memset(memory, 0xa5, size);
	blocks += memory != NULL;
	return memory;
}

void *__wrap_ump__alloc_line(size_t size)
{
	void *memory = has_to_fail() ? NULL : __real_ump__alloc_line(size);

	if (memory != NULL) {
		EXPECT("[clean]", (uintptr_t)memory % UMP__LINE == 0);
		memset(memory, 0xa5, size);
	}
	blocks += memory != NULL;
	return memory;
}

void __wrap_ump__free(void *memory)
{
	blocks -= memory != NULL;
	__real_ump__free(memory);
}

int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size)
{
	if (has_to_fail())
		return UMP_NO_THREAD;
	return __real_ump__thread_start(thread, run, arg, stack_size);
}

/* ---- Values -------------------------------------------------------------------------------- */

static size_t size_of(const struct world *world, enum kind kind)
{
	return kind == KIND_REQUEST ? world->config.request.size
	       : kind == KIND_REPLY ? world->config.reply.size
				    : world->config.post.size;
}

static bool has_drop(const struct world *world, enum kind kind)
{
	return kind == KIND_REQUEST ? world->config.request.drop != NULL
	       : kind == KIND_REPLY ? world->config.reply.drop != NULL
				    : world->config.post.drop != NULL;
}

static unsigned char filling(int value, size_t at)
{
	return (unsigned char)((size_t)value * 31 + at * 7);
}

int life_make(struct world *world, enum kind kind, void *buffer)
{
	unsigned char *bytes = buffer;
	size_t size = size_of(world, kind);
	int value = model_value(&world->model);

	world->kind[value] = kind;
	for (size_t i = 0; i < size; i++)
		bytes[i] = filling(value, i);
	memcpy(bytes, &value, sizeof value);
	return value;
}

int life_read(struct world *world, enum kind kind, const void *buffer)
{
	const unsigned char *bytes = buffer;
	size_t size = size_of(world, kind);
	int value;

	EXPECT("[once]", buffer != NULL);
	/* Ours are aligned for any type, and so are the library's copies. */
	EXPECT("[once]", (uintptr_t)buffer % _Alignof(max_align_t) == 0);
	memcpy(&value, bytes, sizeof value);
	EXPECT("[once]", value >= 0 && value < world->model.values);
	EXPECT("[once]", world->kind[value] == kind);
	for (size_t i = sizeof value; i < size; i++)
		EXPECT("[once]", bytes[i] == filling(value, i));
	return value;
}

static void drop_value(enum kind kind, void *buffer)
{
	struct world *world = life_world;
	int value = life_read(world, kind, buffer);

	life_trace("  dropped: value", value);
	EXPECT("[once]", world->dropped[value] == 0);
	world->dropped[value]++;
	/* Who releases what a value points to may well write to the value. */
	memset(buffer, 0xdd, size_of(world, kind));
}

static void drop_request(void *buffer)
{
	drop_value(KIND_REQUEST, buffer);
}

static void drop_reply(void *buffer)
{
	drop_value(KIND_REPLY, buffer);
}

static void drop_post(void *buffer)
{
	drop_value(KIND_POST, buffer);
}

void life_config(struct world *world)
{
	static const size_t sizes[] = {8, 4, 33, 120};
	uint8_t choice = input_byte(&world->input);
	uint8_t more = input_byte(&world->input);
	struct ump_config *config = &world->config;

	config->request.size = sizes[choice & 3];
	config->reply.size = sizes[choice >> 2 & 3];
	config->post.size = sizes[choice >> 4 & 3];
	/* Not all at once: a server takes something. */
	if ((more & 7) == 1)
		config->request.size = 0;
	else if ((more & 7) == 2)
		config->post.size = 0;
	if ((more & 8) != 0)
		config->reply.size = 0;
	config->request.drop = (more & 16) != 0 ? NULL : drop_request;
	config->reply.drop = (more & 32) != 0 ? NULL : drop_reply;
	config->post.drop = (more & 64) != 0 ? NULL : drop_post;
}

void life_check(const struct world *world)
{
	const struct model *model = &world->model;

	for (int i = 0; i < model->values; i++) {
		bool drops = model->owner[i] == MODEL_DROPPED && has_drop(world, world->kind[i]);

		EXPECT("[once]", world->dropped[i] == drops);
	}
}

void life_check_end(const struct world *world)
{
	const struct model *model = &world->model;

	life_check(world);
	for (int i = 0; i < model->values; i++)
		EXPECT("[once]", model->owner[i] != MODEL_LIBRARY);
	EXPECT("[clean]", life_blocks() == 0);
}

void life_trace(const char *what, int number)
{
	static int wanted = -1;

	if (wanted < 0)
		wanted = getenv("UMP_FUZZ_TRACE") != NULL;
	if (wanted)
		fprintf(stderr, "%s %d\n", what, number);
}
