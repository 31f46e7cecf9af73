/* SPDX-License-Identifier: 0BSD */
/*
 * Each atomic word keeps its last stores, in their order of execution; each store carries a view.
 * A thread may read any store that is not older than what its own view knows of the word.  An
 * acquire joins the store's view into the thread's own; a release store carries the thread's view.
 * A read-modify-write reads the newest store, and passes that store's view on, which yields release
 * sequences.  README.md says how this relates to C11.
 */
#include "model/views.h"

#include "machine/choice.h"
#include "machine/trace.h"
#include "model/race.h"

#include <string.h>

/* Stores that a word keeps: older ones cannot be read any more. */
#define HISTORY 8

struct store {
	uint64_t value;
	struct view view;
	uint32_t event;
};

struct location {
	uintptr_t address;
	uint8_t size;
	/* false: its memory was freed, or its frame has gone, and it cannot be read any more. */
	bool live;
	/* The stores oldest .. newest are kept, each at its number modulo HISTORY. */
	uint32_t oldest;
	uint32_t newest;
	struct store stores[HISTORY];
	/* The thread that has used it, if only one has. */
	int user;
};

/* A location's user: none yet; or several, in this execution or in an earlier one. */
#define USER_NONE (-1)
#define USER_ALL  (-2)

static struct location locations[SIM_LOCATIONS];
/* The shared view of sequentially consistent operations. */
static struct view consistent;
/* Per word, the newest store that its wakers knew. */
static uint32_t woken[SIM_LOCATIONS];
/* Words that lie in frames of each thread. */
#define ON_STACK 64
static uintptr_t on_stack[SIM_THREADS][ON_STACK];
static int on_stack_count[SIM_THREADS];

void views_begin(void)
{
	memset(&consistent, 0, sizeof consistent);
	memset(woken, 0, sizeof woken);
	memset(on_stack_count, 0, sizeof on_stack_count);
}

static bool acquires(int order)
{
	return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE ||
	       order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static uint64_t memory_read(uintptr_t address, int size)
{
	uint64_t value = 0;

	switch (size) {
	case 1:
		return *(uint8_t *)address;
	case 2:
		return *(uint16_t *)address;
	case 4:
		return *(uint32_t *)address;
	default:
		memcpy(&value, (void *)address, sizeof value);
		return value;
	}
}

static void memory_write(uintptr_t address, int size, uint64_t value)
{
	switch (size) {
	case 1:
		*(uint8_t *)address = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)address = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)address = (uint32_t)value;
		break;
	default:
		memcpy((void *)address, &value, sizeof value);
		break;
	}
}

static uint64_t truncate(uint64_t value, int size)
{
	return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

/* A word in a frame is forgotten with the frame.  The words are sorted by frame, the innermost
 * last, since a word of an outer frame may first be used while an inner one exists. */
static void note_stack(uintptr_t address)
{
	int owner = fiber_of_stack(address);
	uintptr_t *words;
	int at;

	if (owner < 0)
		return;
	words = on_stack[owner];
	at = on_stack_count[owner];
	while (at > 0 && words[at - 1] < address)
		at--;
	if (at > 0 && words[at - 1] == address)
		return;
	if (on_stack_count[owner] == ON_STACK)
		machine_limit("atomic words on a stack");
	memmove(words + at + 1, words + at, (size_t)(on_stack_count[owner] - at) * sizeof *words);
	words[at] = address;
	on_stack_count[owner]++;
}

static void forget(struct shadow *shadow)
{
	shadow->fresh = true;
	if (shadow->location >= 0)
		locations[shadow->location].live = false;
}

void views_frame_gone(uintptr_t limit)
{
	int *left = &on_stack_count[machine.current];

	while (*left > 0 && on_stack[machine.current][*left - 1] < limit)
		forget(race_shadow(on_stack[machine.current][--*left]));
}

void views_free(uintptr_t address, size_t size)
{
	for (int i = 0; i < machine.locations; i++) {
		if (locations[i].address - address < size)
			forget(race_shadow(locations[i].address));
	}
}

/* ---- Words used by one thread only --------------------------------------------------------- */

/* Addresses of words that several threads have used since the exploration began, by hash. */
#define SHARED 4096
static uintptr_t shared[SHARED];
static int shared_count;
static bool mistaken;

void views_explore_anew(void)
{
	memset(shared, 0, sizeof shared);
	shared_count = 0;
	mistaken = false;
}

bool views_mistaken(void)
{
	bool was = mistaken;

	mistaken = false;
	return was;
}

static bool is_shared(uintptr_t address)
{
	size_t i = mix(17, address) % SHARED;

	while (shared[i] != 0 && shared[i] != address)
		i = (i + 1) % SHARED;
	return shared[i] == address;
}

static void share(uintptr_t address)
{
	size_t i = mix(17, address) % SHARED;

	if (sim_config.mode != SIM_EXHAUSTIVE)
		return;
	if (shared_count == SHARED / 2)
		machine_limit("shared atomic words");
	while (shared[i] != 0)
		i = (i + 1) % SHARED;
	shared[i] = address;
	shared_count++;
	mistaken = true;
}

static struct location *begin_location(struct shadow *shadow, uintptr_t address, int size)
{
	struct location *location;
	struct store *first;

	if (shadow->location < 0) {
		if (machine.locations == SIM_LOCATIONS)
			machine_limit("atomic words");
		shadow->location = (int16_t)machine.locations++;
		locations[shadow->location].newest = 0;
		locations[shadow->location].user = is_shared(address) ? USER_ALL : USER_NONE;
	}
	location = &locations[shadow->location];
	location->address = address;
	location->size = (uint8_t)size;
	location->live = true;
	/* The present value is the first store; earlier ones cannot be read. */
	location->oldest = ++location->newest;
	first = &location->stores[location->newest % HISTORY];
	memset(&first->view, 0, sizeof first->view);
	first->value = memory_read(address, size);
	first->event = 0;
	shadow->fresh = false;
	note_stack(address);
	return location;
}

bool views_alone(const struct step *step)
{
	const struct shadow *shadow;
	int user;

	if (sim_config.mode != SIM_EXHAUSTIVE || sim_config.every_point || step->op == OP_FENCE)
		return false;
	shadow = race_shadow(step->address);
	if (shadow->location < 0)
		return !is_shared(step->address);
	user = locations[shadow->location].user;
	return user == USER_NONE || user == machine.current;
}

/* The calling thread uses `location`. */
static void use(struct location *location)
{
	if (location->user == USER_NONE) {
		location->user = machine.current;
	} else if (location->user >= 0 && location->user != machine.current) {
		location->user = USER_ALL;
		share(location->address);
	}
}

static struct location *location_of(uintptr_t address, int size)
{
	struct shadow *shadow = race_shadow(address);
	struct location *location;

	if (shadow->location < 0 || shadow->fresh)
		location = begin_location(shadow, address, size);
	else
		location = &locations[shadow->location];
	if (location->size != size)
		sim_fail("mixed sizes", "an atomic of %d bytes is used as one of %d",
			location->size, size);
	use(location);
	return location;
}

static int number(const struct location *location)
{
	return (int)(location - locations);
}

static uint32_t *known(struct view *view, const struct location *location)
{
	return &view->at[SIM_THREADS + number(location)];
}

static struct store *store_at(struct location *location, uint32_t index)
{
	return &location->stores[index % HISTORY];
}

/*
 * Choose the store that a load returns: any from `oldest` on that the thread's view allows.  A
 * thread must not read the same stale store twice in a row: stores become visible in finite time,
 * and loops that wait for one must end.
 */
static uint32_t choose_store(struct location *location, uint32_t oldest)
{
	struct thread *me = self();
	uint32_t mine = *known(&me->now, location);
	uint8_t *reread = &me->reread[number(location)];
	uint32_t chosen;

	if (oldest < mine)
		oldest = mine;
	if (oldest < location->oldest)
		oldest = location->oldest;
	if (oldest == mine && *reread && oldest < location->newest)
		oldest++;
	chosen = location->newest;
	if (machine.left.stale > 0)
		chosen -= choice_make(CHOOSE_STORE, location->newest - oldest + 1);
	if (chosen != location->newest)
		machine.left.stale--;
	*reread = chosen != location->newest && chosen == mine;
	return chosen;
}

/* Read a store.  The thread cannot read older ones any more; an acquire joins the store's view. */
static uint64_t read_store(struct location *location, uint32_t index, int order)
{
	struct thread *me = self();
	const struct store *store = store_at(location, index);

	*known(&me->now, location) = index;
	view_join(acquires(order) ? &me->now : &me->acquirable, &store->view);
	trace_read_from(store->event);
	return store->value;
}

/* `read`: the view of the store read by a read-modify-write, which continues its release
 * sequence. */
static void append_store(
	struct location *location, uint64_t value, int order, const struct view *read)
{
	struct thread *me = self();
	uint32_t index = ++location->newest;
	struct store *store = store_at(location, index);
	struct view view;

	if (index - location->oldest >= HISTORY)
		location->oldest = index - HISTORY + 1;
	*known(&me->now, location) = index;
	view = releases(order) ? me->now : me->released_view;
	*known(&view, location) = index;
	if (read != NULL)
		view_join(&view, read);
	store->value = value;
	store->view = view;
	store->event = trace_event();
	if (order == __ATOMIC_SEQ_CST)
		*known(&consistent, location) = index;
	/* Steps after this are not part of what the store has published. */
	me->now.at[machine.current]++;
	me->reread[number(location)] = 0;
	memory_write(location->address, location->size, value);
}

static uint64_t load(const struct step *step)
{
	struct location *location;
	uint32_t index;
	uint32_t oldest = 0;

	race_access(step->address, step->size, ATOMIC_READ, step->pc);
	location = location_of(step->address, step->size);
	if (step->order == __ATOMIC_SEQ_CST)
		oldest = *known(&consistent, location);
	index = choose_store(location, oldest);
	if (step->order == __ATOMIC_SEQ_CST && *known(&consistent, location) < index)
		*known(&consistent, location) = index;
	return read_store(location, index, step->order);
}

static uint64_t computed(const struct step *step, uint64_t old)
{
	switch (step->op) {
	case OP_ADD:
		return old + step->value;
	case OP_SUB:
		return old - step->value;
	case OP_AND:
		return old & step->value;
	case OP_OR:
		return old | step->value;
	case OP_XOR:
		return old ^ step->value;
	case OP_NAND:
		return ~(old & step->value);
	default:
		return step->value;
	}
}

static uint64_t modify(const struct step *step, struct location *location)
{
	struct view read = store_at(location, location->newest)->view;
	uint64_t old = read_store(location, location->newest, step->order);

	append_store(location, truncate(computed(step, old), step->size), step->order, &read);
	return old;
}

static uint64_t compare_exchange(const struct step *step, bool *taken)
{
	struct location *location;
	uint32_t index;

	race_access(step->address, step->size, ATOMIC_WRITE, step->pc);
	location = location_of(step->address, step->size);
	*taken = false;
	if (store_at(location, location->newest)->value == step->expected) {
		if (step->op == OP_CAS_WEAK && machine.left.weak_failures > 0 &&
			choice_make(CHOOSE_WEAK_FAILURE, 2) != 0) {
			machine.left.weak_failures--;
			return read_store(location, location->newest, step->failure_order);
		}
		*taken = true;
		return modify(step, location);
	}
	/* A failure is a load: possibly of an old store, but not of one with the expected value. */
	index = choose_store(location, 0);
	if (store_at(location, index)->value == step->expected)
		index = location->newest;
	return read_store(location, index, step->failure_order);
}

static void fence(int order)
{
	struct thread *me = self();

	if (sim_config.cut)
		sim_fail("no cut", "states leave out what only fences can tell apart: explore "
				   "programs that have fences without the state cut");
	if (acquires(order))
		view_join(&me->now, &me->acquirable);
	if (order == __ATOMIC_SEQ_CST) {
		view_join(&me->now, &consistent);
		consistent = me->now;
	}
	if (releases(order)) {
		me->released_view = me->now;
		me->now.at[machine.current]++;
	}
}

uint64_t views_perform(const struct step *step, bool *taken)
{
	switch (step->op) {
	case OP_FENCE:
		fence(step->order);
		return 0;
	case OP_LOAD:
		return load(step);
	case OP_STORE:
		race_access(step->address, step->size, ATOMIC_WRITE, step->pc);
		append_store(location_of(step->address, step->size),
			truncate(step->value, step->size), step->order, NULL);
		return 0;
	case OP_CAS_WEAK:
	case OP_CAS_STRONG:
		return compare_exchange(step, taken);
	default:
		race_access(step->address, step->size, ATOMIC_WRITE, step->pc);
		return modify(step, location_of(step->address, step->size));
	}
}

uint64_t views_compare(const struct step *step)
{
	struct location *location;

	race_access(step->address, step->size, ATOMIC_READ, step->pc);
	location = location_of(step->address, step->size);
	return store_at(location, choose_store(location, woken[number(location)]))->value;
}

void views_wake(uintptr_t address)
{
	/* The address may have a new owner by now: only use what is recorded of a word there. */
	const struct shadow *shadow = race_shadow(address);
	uint32_t seen;

	if (shadow->location < 0)
		return;
	seen = *known(&self()->now, &locations[shadow->location]);
	if (woken[shadow->location] < seen)
		woken[shadow->location] = seen;
}

/* ---- States -------------------------------------------------------------------------------- */

/* A view is counted backwards from the newest store; all positions before the oldest are the
 * same. */
uint64_t views_hash_one(const struct view *view)
{
	uint64_t sum = 0;

	for (int i = 0; i < machine.locations; i++) {
		const struct location *location = &locations[i];
		uint32_t at = view->at[SIM_THREADS + i];

		if (!location->live)
			continue;
		if (at < location->oldest)
			at = location->oldest;
		/* A sum, since the numbers of locations depend on the schedule. */
		sum += mix(mix(3, location->address), location->newest - at);
	}
	return sum;
}

/* The oldest store that any thread can still read. */
static uint32_t readable_from(const struct location *location)
{
	uint32_t least = location->newest;

	for (int t = 0; t < machine.count; t++) {
		uint32_t at = machine.threads[t].now.at[SIM_THREADS + number(location)];

		if (machine.threads[t].status != DONE && at < least)
			least = at;
	}
	return least < location->oldest ? location->oldest : least;
}

static uint64_t hash_location(struct location *location)
{
	uint64_t hash = mix(mix(5, location->address), (uint64_t)(location->user + 2));

	for (uint32_t i = readable_from(location); i <= location->newest; i++)
		hash = mix(mix(hash, store_at(location, i)->value),
			views_hash_one(&store_at(location, i)->view));
	hash = mix(hash, location->newest - (woken[number(location)] < location->oldest
							    ? location->oldest
							    : woken[number(location)]));
	for (int t = 0; t < machine.count; t++)
		hash = mix(hash, machine.threads[t].reread[number(location)]);
	return hash;
}

uint64_t views_hash(uint64_t hash)
{
	uint64_t sum = 0;

	for (int t = 0; t < machine.count; t++) {
		const struct thread *thread = &machine.threads[t];

		/* The thread that joins an ended one learns its view. */
		if (thread->status == DONE && thread->released)
			continue;
		hash = mix(hash, views_hash_one(&thread->now));
	}
	for (int i = 0; i < machine.locations; i++)
		sum += locations[i].live ? hash_location(&locations[i]) : 0;
	return mix(mix(hash, sum), views_hash_one(&consistent));
}
