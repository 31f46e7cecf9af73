/* SPDX-License-Identifier: 0BSD */
#include "life/life_world.h"

#include <poll.h>
#include <stdatomic.h>

struct life life;

/* Offset between the values of two worlds. */
#define WORLD_VALUES 1000

/* ---- Faults -------------------------------------------------------------------------------- */

static atomic_int fails_in;
static atomic_int failure;
static atomic_long blocks;
static atomic_int notifiers;

void life_fail_in(int calls)
{
	fails_in = calls;
}

int life_fails_in(void)
{
	return fails_in;
}

int life_failure(void)
{
	return atomic_exchange(&failure, UMP_OK);
}

bool life_failed(void)
{
	return life_failure() != UMP_OK;
}

long life_blocks(void)
{
	return blocks;
}

/* Whether this call must fail; the application then gets `code`. */
static bool has_to_fail(int code)
{
	if (fails_in == 0 || --fails_in != 0)
		return false;
	failure = code;
	return true;
}

void *__real_ump__alloc(size_t size);
void *__wrap_ump__alloc(size_t size);
void *__real_ump__alloc_line(size_t size);
void *__wrap_ump__alloc_line(size_t size);
void *__real_ump__alloc_spare(size_t size, bool line);
void *__wrap_ump__alloc_spare(size_t size, bool line);
const struct ump__retention *__wrap_ump__retention(void);
void __real_ump__free(void *memory);
void __wrap_ump__free(void *memory);
int __real_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);
int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size);
int __real_ump__notifier_open(struct ump__notifier *notifier);
int __wrap_ump__notifier_open(struct ump__notifier *notifier);
void __real_ump__notifier_close(const struct ump__notifier *notifier);
void __wrap_ump__notifier_close(const struct ump__notifier *notifier);

void *__wrap_ump__alloc(size_t size)
{
	void *memory;

	/* A request that blocks forever must not allocate; operations that run meanwhile may. */
	EXPECT("[clean]", !life.lean);
	memory = has_to_fail(UMP_NO_MEMORY) ? NULL : __real_ump__alloc(size);
	/* Expose fields that the library forgets to set. */
	if (memory != NULL)
		memset(memory, 0xa5, size);
	blocks += memory != NULL;
	return memory;
}

void *__wrap_ump__alloc_line(size_t size)
{
	void *memory = has_to_fail(UMP_NO_MEMORY) ? NULL : __real_ump__alloc_line(size);

	if (memory != NULL) {
		EXPECT("[clean]", (uintptr_t)memory % UMP__LINE == 0);
		memset(memory, 0xa5, size);
	}
	blocks += memory != NULL;
	return memory;
}

/* Fails if the next allocation must fail, and leaves the fault to that one: the application does
 * not learn of this failure. */
void *__wrap_ump__alloc_spare(size_t size, bool line)
{
	void *memory;

	EXPECT("[clean]", !life.lean);
	memory = fails_in == 1 ? NULL : __real_ump__alloc_spare(size, line);
	if (memory != NULL)
		memset(memory, 0xa5, size);
	blocks += memory != NULL;
	return memory;
}

/* Small enough for inputs of a few messages to fill it and reuse it. */
const struct ump__retention *__wrap_ump__retention(void)
{
	static const struct ump__retention some = {
		.after = 1, .slab = 256, .slab_posts = 3, .slabs = 2, .requests = 2, .bytes = 4096};
	static const struct ump__retention none = {.after = 1 << 30};

	return life.pooled ? &some : &none;
}

void __wrap_ump__free(void *memory)
{
	blocks -= memory != NULL;
	__real_ump__free(memory);
}

int __wrap_ump__thread_start(
	struct ump__os_thread *thread, void *(*run)(void *), void *arg, size_t stack_size)
{
	if (has_to_fail(UMP_NO_THREAD))
		return UMP_NO_THREAD;
	return __real_ump__thread_start(thread, run, arg, stack_size);
}

int __wrap_ump__notifier_open(struct ump__notifier *notifier)
{
	int result = has_to_fail(UMP_NO_FD) ? UMP_NO_FD : __real_ump__notifier_open(notifier);

	/* As the system leaves them. */
	if (result != UMP_OK) {
		notifier->fd = -1;
		notifier->write_fd = -1;
	}
	blocks += result == UMP_OK;
	notifiers += result == UMP_OK;
	return result;
}

void __wrap_ump__notifier_close(const struct ump__notifier *notifier)
{
	blocks--;
	notifiers--;
	__real_ump__notifier_close(notifier);
}

/* ---- Values -------------------------------------------------------------------------------- */

static size_t size_of(const struct world *world, enum kind kind)
{
	return kind == KIND_REQUEST ? world->config.request.size
	       : kind == KIND_REPLY ? world->config.reply.size
				    : world->config.post.size;
}

static size_t align_of(const struct world *world, enum kind kind)
{
	size_t least = size_of(world, kind) < _Alignof(max_align_t) ? 8 : _Alignof(max_align_t);
	size_t align = kind == KIND_REQUEST ? world->config.request_align
		       : kind == KIND_REPLY ? world->config.reply_align
					    : world->config.post_align;

	return align > least ? align : least;
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
	int32_t name = value + (int)world->number * WORLD_VALUES;

	world->kind[value] = kind;
	for (size_t i = 0; i < size; i++)
		bytes[i] = filling(value, i);
	memcpy(bytes, &name, sizeof name);
	return value;
}

int life_read(struct world *world, enum kind kind, const void *buffer)
{
	const unsigned char *bytes = buffer;
	size_t size = size_of(world, kind);
	int32_t name;
	int value;

	EXPECT("[once]", buffer != NULL);
	/* The fuzzer's buffers are aligned for any type, the library's copies for any type of that
	 * size. */
	EXPECT("[once]", (uintptr_t)buffer % align_of(world, kind) == 0);
	memcpy(&name, bytes, sizeof name);
	value = name - (int)world->number * WORLD_VALUES;
	EXPECT("[once]", value >= 0 && value < world->model.values);
	EXPECT("[once]", world->kind[value] == kind);
	for (size_t i = sizeof name; i < size; i++)
		EXPECT("[once]", bytes[i] == filling(value, i));
	return value;
}

static void drop_value(enum kind kind, void *buffer)
{
	struct world *world;
	int32_t name;
	int value;

	memcpy(&name, buffer, sizeof name);
	EXPECT("[once]", name >= 0 && name < WORLDS * WORLD_VALUES);
	world = &life.worlds[name / WORLD_VALUES];
	value = life_read(world, kind, buffer);
	life_trace("  dropped: value", value);
	EXPECT("[once]", world->dropped[value] == 0);
	world->dropped[value]++;
	/* A drop callback may write to the value. */
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

/* Capacity and time limits.  A thread's gates need capacity, and its time is real. */
static void config_limits(struct world *world)
{
	static const size_t capacities[] = {0, 1, 2, 3, 5, MODEL_VALUES};
	uint8_t choice = input_byte(&life.input);
	bool threaded = world->end == END_THREAD;
	struct ump_config *config = &world->config;

	config->capacity = capacities[(choice & 15) % 6];
	if (threaded && config->capacity != 0)
		config->capacity = MODEL_VALUES;
	if ((choice & 16) != 0)
		config->slow_limit = threaded ? INT64_C(3600000000000) : 2;
	if ((choice & 32) == 0)
		config->slow_handler = life_slow;
	config->slow_arg = world;
}

void life_config(struct world *world)
{
	static const size_t sizes[] = {8, 4, 33, 120};
	/* Of requests, replies and posts. */
	static const size_t aligns[4][3] = {
		{0, 0, 0}, {64, 4, 32}, {1, LIFE_ALIGN, LIFE_ALIGN}, {LIFE_ALIGN, 32, 128}};
	uint8_t choice = input_byte(&life.input);
	uint8_t more = input_byte(&life.input);
	struct ump_config *config = &world->config;

	config->request.size = sizes[choice & 3];
	config->reply.size = sizes[choice >> 2 & 3];
	config->post.size = sizes[choice >> 4 & 3];
	config->request_align = aligns[choice >> 6][0];
	config->reply_align = aligns[choice >> 6][1];
	config->post_align = aligns[choice >> 6][2];
	/* Not both: a server must take something. */
	if ((more & 7) == 1)
		config->request.size = 0;
	else if ((more & 7) == 2)
		config->post.size = 0;
	if ((more & 8) != 0)
		config->reply.size = 0;
	config->request.drop = (more & 16) != 0 ? NULL : drop_request;
	config->reply.drop = (more & 32) != 0 ? NULL : drop_reply;
	config->post.drop = (more & 64) != 0 ? NULL : drop_post;
	config->keep = (more & 128) == 0 ? 0 : (more & 64) != 0 ? 1 : 1000;
	config_limits(world);
}

/* ---- Invariants between two operations ----------------------------------------------------- */

static void check_values(const struct world *world)
{
	const struct model *model = &world->model;

	for (int i = 0; i < model->values; i++) {
		bool drops = model->owner[i] == MODEL_DROPPED && has_drop(world, world->kind[i]);

		EXPECT("[once]", world->dropped[i] == drops);
	}
}

/* Read the statistics through any handle; false if there is none. */
static bool read_stats(const struct world *world, struct ump_stats *stats)
{
	memset(stats, 0xa5, sizeof *stats);
	for (int i = 0; i < SLOTS; i++) {
		if (world->clients[i] != NULL)
			return ump_client_stats(world->clients[i], stats) == UMP_OK;
		if (world->weaks[i] != NULL)
			return ump_weak_client_stats(world->weaks[i], stats) == UMP_OK;
	}
	if (world->server != NULL)
		return ump_server_stats(world->server, stats) == UMP_OK;
	if (world->watcher != NULL)
		return ump_weak_client_stats(world->watcher, stats) == UMP_OK;
	return world->me != NULL && ump_weak_client_stats(world->me, stats) == UMP_OK;
}

static void check_stats(struct world *world)
{
	struct model *model = &world->model;
	bool busy = world->at_work || world->task.suspended;
	bool timed = busy && world->config.slow_limit != 0;
	uint32_t depth = model_depth(model);
	struct ump_stats stats;

	if (!read_stats(world, &stats))
		return;
	if (model->capacity == 0) {
		EXPECT("[bound]", stats.depth == UMP_UNCOUNTED);
		EXPECT("[bound]", stats.depth_most == UMP_UNCOUNTED);
	} else {
		EXPECT("[bound]", stats.depth == depth && depth <= model->capacity);
		/* Reading the statistics updates the maximum. */
		if (model->most < depth)
			model->most = depth;
		EXPECT("[bound]", stats.depth_most == model->most);
	}
	EXPECT("[once]", stats.handled == model->handled + world->task.due_calls);
	EXPECT("[origin]", stats.skipped == model->skipped);
	EXPECT("[once]", stats.failed == model->failed);
	EXPECT("[keep]", stats.kept == model->kept);
	EXPECT("[user]", stats.busy == busy);
	EXPECT("[user]", (stats.busy_for >= 0) == timed);
	if (timed && world->end == END_TASK)
		EXPECT("[user]", stats.busy_for == life.now - world->began);
	EXPECT("[weak]", stats.clients == model->strong);
	EXPECT("[break]", stats.closed == model->closed);
	EXPECT("[user]", !world->slow_due);
}

bool life_is_raised(int fd)
{
	struct pollfd wanted = {fd, POLLIN, 0};

	return poll(&wanted, 1, 0) == 1;
}

/* Each descriptor belongs to a handle; a task whose run is not over may have lost its own. */
static void check_descriptors(void)
{
	int owners = 0;

	for (int i = 0; i < WORLDS; i++) {
		if (life.worlds[i].task.running)
			return;
		owners += life.worlds[i].task.task != NULL;
	}
	for (int i = 0; i < SINKS; i++)
		owners += life.sinks[i].handle != NULL;
	EXPECT("[clean]", notifiers == owners);
}

static void check_notifiers(void)
{
	check_descriptors();
	for (int i = 0; i < WORLDS; i++) {
		const struct world *world = &life.worlds[i];

		if (world->task.task != NULL && !world->task.running)
			EXPECT("[task]", life_is_raised(ump_task_fd(world->task.task)) ==
						 life_has_work(world));
	}
	for (int i = 0; i < SINKS; i++) {
		const struct sink *sink = &life.sinks[i];

		if (sink->handle != NULL)
			EXPECT("[complete]", life_is_raised(ump_completions_fd(sink->handle)) ==
						     !sink->model.quiet);
	}
}

void life_check(void)
{
	for (int i = 0; i < WORLDS; i++) {
		if (life.worlds[i].end == END_NONE)
			continue;
		check_values(&life.worlds[i]);
		/* Reading updates the maximum depth; the server must work without it, too. */
		if (!life.unwatched)
			check_stats(&life.worlds[i]);
	}
	check_notifiers();
}

void life_check_end(void)
{
	life.unwatched = false;
	life_check();
	for (int i = 0; i < WORLDS; i++) {
		const struct model *model = &life.worlds[i].model;

		for (int j = 0; j < model->values; j++)
			EXPECT("[once]", model->owner[j] != MODEL_LIBRARY);
	}
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
